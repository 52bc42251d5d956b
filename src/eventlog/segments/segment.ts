/** A segment: a file of JSON lines and its sidecar, both named by the position of the first record. */
import { crc32c } from "../../crc32c.ts";
import { fail, type LoanstreamError } from "../../errors.ts";
import type { SegmentDirectory, SegmentFile } from "./segment-file.ts";
import { type BatchEntry, decodeEntries, ENTRY_BYTES } from "./sidecar.ts";

/** A batch, and where its bytes begin in the segment. */
export interface PlacedBatch extends BatchEntry {
  readonly offset: number;
}

/** What a reader needs of a segment. */
export interface SegmentView {
  readonly basePosition: number;
  readonly records: SegmentFile;
  /** Every durable batch in order. */
  readonly batches: readonly PlacedBatch[];
}

export interface Segment extends SegmentView {
  readonly sidecar: SegmentFile;
  readonly batches: PlacedBatch[];
}

const DIGITS = 20;
const NAME = /^(\d{20})\.(?:ndjson|batches)$/;

/** The first positions of the segments in a directory, ascending. */
export async function listSegments(directory: SegmentDirectory): Promise<number[]> {
  const bases = (await directory.list())
    .map((name) => NAME.exec(name)?.[1])
    .filter((digits) => digits !== undefined);
  return [...new Set(bases.map(Number))].sort((a, b) => a - b);
}

const recordsName = (basePosition: number) => `${String(basePosition).padStart(DIGITS, "0")}.ndjson`;
const sidecarName = (basePosition: number) => `${String(basePosition).padStart(DIGITS, "0")}.batches`;

export async function createSegment(directory: SegmentDirectory, basePosition: number): Promise<Segment> {
  const segment = await openFiles(directory, basePosition);
  await Promise.all([segment.records.truncate(0), segment.sidecar.truncate(0)]);
  await directory.sync();
  return { ...segment, batches: [] };
}

/** The segment that is written to, through a file handle of the reader's own. */
export async function viewSegment(
  directory: SegmentDirectory,
  { basePosition, batches }: Segment,
): Promise<SegmentView> {
  return { basePosition, batches, records: await directory.open(recordsName(basePosition)) };
}

/** Opens a segment that is whole, since a later one follows it at `nextPosition`. Throws `log.corrupt`. */
export async function openSegment(
  directory: SegmentDirectory,
  basePosition: number,
  nextPosition: number,
): Promise<SegmentView> {
  const { records, sidecar } = await openFiles(directory, basePosition);
  const batches = placed(await readSidecar(sidecar), basePosition);
  await sidecar.close();
  const end = endPosition(basePosition, batches);
  if (end !== nextPosition) {
    await records.close();
    throw corrupt(directory, basePosition, end);
  }
  return { basePosition, records, batches };
}

/**
 * Opens the last segment. A group whose write was torn was never acknowledged: it is cut back to its last whole
 * batch. Throws `log.corrupt` where a later group shows that what is broken had been durable.
 */
export async function recoverSegment(directory: SegmentDirectory, basePosition: number): Promise<Segment> {
  const files = await openFiles(directory, basePosition);
  const entries = await readSidecar(files.sidecar);
  const batches: PlacedBatch[] = [];
  for (const batch of placed(entries, basePosition)) {
    if (!holds(batch, await files.records.read(batch.offset, batch.length))) break;
    batches.push(batch);
  }
  const end = endPosition(basePosition, batches);
  if (entries.slice(batches.length).some((entry) => entry !== null && entry.groupPosition > end)) {
    await closeSegment(files);
    throw corrupt(directory, basePosition, end);
  }
  await cutTo(files.records, endOffset(batches));
  await cutTo(files.sidecar, batches.length * ENTRY_BYTES);
  return { ...files, batches };
}

async function openFiles(directory: SegmentDirectory, basePosition: number) {
  const records = await directory.open(recordsName(basePosition));
  return { basePosition, records, sidecar: await directory.open(sidecarName(basePosition)) };
}

async function readSidecar(sidecar: SegmentFile): Promise<(BatchEntry | null)[]> {
  return decodeEntries(await sidecar.read(0, await sidecar.size()));
}

/** The entries up to the first that is broken or doesn't follow the one before it. */
function placed(entries: readonly (BatchEntry | null)[], basePosition: number): PlacedBatch[] {
  const batches: PlacedBatch[] = [];
  let offset = 0;
  for (const entry of entries) {
    if (entry?.basePosition !== endPosition(basePosition, batches)) break;
    batches.push({ ...entry, offset });
    offset += entry.length;
  }
  return batches;
}

async function cutTo(file: SegmentFile, size: number): Promise<void> {
  if ((await file.size()) === size) return;
  await file.truncate(size);
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

export function corrupt(
  directory: SegmentDirectory,
  basePosition: number,
  position: number,
): LoanstreamError {
  return fail(
    "log.corrupt",
    `the stored records from position ${position} on don't match their checksums`,
    "Restore the directory from a copy, or set it aside and start with an empty one.",
    { file: `${directory.name}/${recordsName(basePosition)}` },
  );
}
