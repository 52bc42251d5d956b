/** A segment: a file of JSON lines and its sidecar, both named by the position of the first record. */
import { crc32c } from "../../crc32c.ts";
import * as failures from "./failures.ts";
import type { ClosedSegment } from "./retention.ts";
import type { ReadableDirectory, ReadableFile, SegmentDirectory, SegmentFile } from "./segment-file.ts";
import { type BatchEntry, decodeEntries, ENTRY_BYTES } from "./sidecar.ts";

/** A batch, and where its bytes begin in the segment. */
export interface PlacedBatch extends BatchEntry {
  readonly offset: number;
}

/** What a reader needs of a segment. */
export interface SegmentView {
  readonly basePosition: number;
  readonly records: ReadableFile;
  /** Every durable batch in order. */
  readonly batches: readonly PlacedBatch[];
}

export interface Segment extends SegmentView {
  readonly records: SegmentFile;
  readonly sidecar: SegmentFile;
  readonly batches: PlacedBatch[];
}

/** The first positions of segments, ascending. */
export interface SegmentList {
  readonly bases: readonly number[];
  /** Of those older ones that are being removed: their records are gone already. */
  readonly leaving: readonly number[];
}

const DIGITS = 20;
const NAME = /^(\d{20})\.(?:ndjson|batches)$/;

const recordsName = (basePosition: number) => `${String(basePosition).padStart(DIGITS, "0")}.ndjson`;
const sidecarName = (basePosition: number) => `${String(basePosition).padStart(DIGITS, "0")}.batches`;

export async function listSegments(directory: ReadableDirectory): Promise<SegmentList> {
  const names = new Set(await directory.list());
  const digits = [...names].map((name) => NAME.exec(name)?.[1]).filter((match) => match !== undefined);
  const bases = [...new Set(digits.map(Number))].sort((a, b) => a - b);
  const first = bases.findIndex((base, i) => i === bases.length - 1 || names.has(recordsName(base)));
  return { bases: bases.slice(first), leaving: bases.slice(0, first) };
}

/**
 * Removes the oldest segments. Records go before their sidecar, and older records before newer ones, so that a crash
 * leaves nothing but sidecars at the begin, which `listSegments` tells.
 */
export async function removeSegments(directory: SegmentDirectory, bases: readonly number[]): Promise<void> {
  for (const base of bases) {
    await directory.remove(recordsName(base));
    await directory.sync();
    await directory.remove(sidecarName(base));
  }
  if (bases.length > 0) await directory.sync();
}

export async function createSegment(directory: SegmentDirectory, basePosition: number): Promise<Segment> {
  const segment = await openFiles(directory, basePosition);
  await Promise.all([segment.records.truncate(0), segment.sidecar.truncate(0)]);
  await directory.sync();
  return { ...segment, batches: [] };
}

/** A segment with batches known already, to read; null if it was removed. */
export async function viewSegment(
  directory: ReadableDirectory,
  { basePosition, batches }: Pick<SegmentView, "basePosition" | "batches">,
): Promise<SegmentView | null> {
  const records = await directory.openToRead(recordsName(basePosition));
  return records && { basePosition, batches, records };
}

/** The batches of a segment that is whole, since one follows it; null if it was removed. Throws `log.corrupt`. */
export async function closedBatches(
  directory: ReadableDirectory,
  { basePosition, endPosition: end }: Pick<ClosedSegment, "basePosition" | "endPosition">,
): Promise<readonly PlacedBatch[] | null> {
  const batches = await withFile(directory, sidecarName(basePosition), async (file) =>
    placed(await readEntries(file), basePosition),
  );
  if (batches === null || endPosition(basePosition, batches) === end) return batches;
  throw corrupt(directory, basePosition, endPosition(basePosition, batches));
}

/** Size and age of a segment that one follows. Where its sidecar is missing or torn, it counts as new. */
export async function closedSegment(
  directory: ReadableDirectory,
  basePosition: number,
  nextPosition: number,
): Promise<ClosedSegment> {
  const recordBytes = await withFile(directory, recordsName(basePosition), (file) => file.size());
  const sidecar = await withFile(directory, sidecarName(basePosition), async (file) => {
    const bytes = await file.size();
    return { bytes, last: (await readEntries(file, Math.floor(bytes / ENTRY_BYTES) - 1))[0] };
  });
  return {
    basePosition,
    endPosition: nextPosition,
    bytes: (recordBytes ?? 0) + (sidecar?.bytes ?? 0),
    newestMs: sidecar?.last?.ingestTimeMs ?? Infinity,
  };
}

/**
 * Batches of the newest segment behind those that are known, read while another process writes it: those of the last
 * group only if their records are there, as earlier groups' are. Groups are written one after the other. Null if the
 * segment was removed.
 */
export async function newestBatches(
  directory: ReadableDirectory,
  basePosition: number,
  known: readonly PlacedBatch[],
): Promise<readonly PlacedBatch[] | null> {
  const entries = await withFile(directory, sidecarName(basePosition), (file) =>
    readEntries(file, known.length),
  );
  const batches = placed(entries ?? [], basePosition, known);
  const settled = countSettled(batches);
  const whole = await withFile(directory, recordsName(basePosition), (records) =>
    countWhole(records, batches.slice(settled)),
  );
  return whole === null ? null : batches.slice(0, settled + whole);
}

/** How many batches stand before the last group. */
export function countSettled(batches: readonly PlacedBatch[]): number {
  const last = batches.at(-1)?.groupPosition ?? 0;
  return batches.filter(({ groupPosition }) => groupPosition < last).length;
}

/**
 * Opens the last segment. A group whose write was torn was never acknowledged: it is cut back to its last whole
 * batch. Throws `log.corrupt` where a later group shows that what is broken had been durable.
 */
export async function recoverSegment(directory: SegmentDirectory, basePosition: number): Promise<Segment> {
  if (await lacksSidecar(directory, basePosition)) throw corrupt(directory, basePosition, basePosition);
  const files = await openFiles(directory, basePosition);
  const entries = await readEntries(files.sidecar);
  const entered = placed(entries, basePosition);
  const batches = entered.slice(0, await countWhole(files.records, entered));
  const end = endPosition(basePosition, batches);
  if (entries.slice(batches.length).some((entry) => entry !== null && entry.groupPosition > end)) {
    await closeSegment(files);
    throw corrupt(directory, basePosition, end);
  }
  await cutTo(files.records, endOffset(batches));
  await cutTo(files.sidecar, batches.length * ENTRY_BYTES);
  await directory.sync();
  return { ...files, batches };
}

/** No crash leaves records without a sidecar: both are there before the first is written. */
async function lacksSidecar(directory: ReadableDirectory, basePosition: number): Promise<boolean> {
  const recordBytes = await withFile(directory, recordsName(basePosition), (file) => file.size());
  const sidecarBytes = await withFile(directory, sidecarName(basePosition), (file) => file.size());
  return recordBytes !== null && recordBytes > 0 && sidecarBytes === null;
}

async function openFiles(directory: SegmentDirectory, basePosition: number) {
  const records = await directory.open(recordsName(basePosition));
  return { basePosition, records, sidecar: await directory.open(sidecarName(basePosition)) };
}

/** Null if there is no such file. */
async function withFile<T>(
  directory: ReadableDirectory,
  name: string,
  work: (file: ReadableFile) => Promise<T>,
): Promise<T | null> {
  const file = await directory.openToRead(name);
  if (file === null) return null;
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}

async function readEntries(sidecar: ReadableFile, from = 0): Promise<readonly (BatchEntry | null)[]> {
  const start = Math.max(from, 0) * ENTRY_BYTES;
  const length = (await sidecar.size()) - start;
  return length > 0 ? decodeEntries(await sidecar.read(start, length)) : [];
}

/** The known batches and the entries behind them, up to the first that is broken or doesn't follow the one before. */
function placed(
  entries: readonly (BatchEntry | null)[],
  basePosition: number,
  known: readonly PlacedBatch[] = [],
): readonly PlacedBatch[] {
  const batches = [...known];
  let offset = endOffset(known);
  for (const entry of entries) {
    if (entry?.basePosition !== endPosition(basePosition, batches)) break;
    batches.push({ ...entry, offset });
    offset += entry.length;
  }
  return batches;
}

/** How many batches there are before the first whose records are torn. */
async function countWhole(records: ReadableFile, batches: readonly PlacedBatch[]): Promise<number> {
  for (const [i, batch] of batches.entries())
    if (!holds(batch, await records.read(batch.offset, batch.length))) return i;
  return batches.length;
}

/** Also what stays is made durable: a process that was killed may have left it in the system's memory only. */
async function cutTo(file: SegmentFile, size: number): Promise<void> {
  if ((await file.size()) !== size) await file.truncate(size);
  await file.sync();
}

export function holds(batch: BatchEntry, bytes: Uint8Array): boolean {
  return bytes.length === batch.length && crc32c(bytes) === batch.crc;
}

export function endPosition(basePosition: number, batches: readonly BatchEntry[]): number {
  const last = batches.at(-1);
  return last ? last.basePosition + last.count : basePosition;
}

export function endOffset(batches: readonly PlacedBatch[]): number {
  const last = batches.at(-1);
  return last ? last.offset + last.length : 0;
}

export async function closeSegment(segment: Pick<Segment, "records" | "sidecar">): Promise<void> {
  await Promise.all([segment.records.close(), segment.sidecar.close()]);
}

export function corrupt(directory: ReadableDirectory, basePosition: number, position: number) {
  return failures.corrupt(directory.name, recordsName(basePosition), position);
}
