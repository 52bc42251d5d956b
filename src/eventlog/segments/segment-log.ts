/** The embedded log: a directory of segments, appended to by one process. */
import type { RecordBatch } from "../../engine/batch.ts";
import type { LoanstreamError } from "../../errors.ts";
import { type Logger, SILENT } from "../../log.ts";
import type { Append, EventLog } from "../event-log.ts";
import { refuseLineEnds } from "../line-ends.ts";
import { closed, gone, writeFailure } from "./failures.ts";
import { encodeGroup } from "./group.ts";
import { readSegment } from "./read-segment.ts";
import {
  type ClosedSegment,
  countExpired,
  isApart,
  isOld,
  mostSegmentBytes,
  type Retention,
} from "./retention.ts";
import {
  closedBatches,
  closedSegment,
  closeSegment,
  corrupt,
  createSegment,
  endOffset,
  endPosition,
  listSegments,
  recoverSegment,
  removeSegments,
  type Segment,
  type SegmentView,
  viewSegment,
} from "./segment.ts";
import type { SegmentDirectory, SegmentFile } from "./segment-file.ts";
import { ENTRY_BYTES, encodeEntries } from "./sidecar.ts";

export interface SegmentLogSettings {
  /** A segment that has reached this size is followed by a new one. Default: 64 MiB. */
  readonly segmentBytes?: number;
  /** Most bytes of a batch, unless one record alone is longer. Default: 1 MiB. */
  readonly batchBytes?: number;
  /** Default: everything is kept. */
  readonly retention?: Retention;
  /** Default: none. */
  readonly logger?: Logger;
}

const MEBIBYTE = 1 << 20;
const KEEP_ALL: Retention = { retentionMs: Infinity, maxBytes: null, nowMs: () => 0 };

/** Appends that are written together. */
interface Gathering {
  readonly appends: Append[];
  /** Of each append's first record. */
  readonly positions: Promise<readonly number[]>;
}

/** Opens the log in a directory, recovering what a crash left. Throws `log.corrupt`, `log.disk-full`, `log.failed`. */
export async function openSegmentLog(
  directory: SegmentDirectory,
  settings: SegmentLogSettings = {},
): Promise<EventLog> {
  const { batchBytes = MEBIBYTE, retention = KEEP_ALL, logger = SILENT } = settings;
  const segmentBytes = Math.min(settings.segmentBytes ?? 64 * MEBIBYTE, mostSegmentBytes(retention));
  const found = await recover(directory).catch((error) => {
    throw writeFailure(directory.name, error);
  });
  const full: ClosedSegment[] = found.full;
  let active = found.active;
  let gathering: Gathering | null = null;
  let turn: Promise<unknown> = Promise.resolve();
  let failure: LoanstreamError | null = null;
  let isClosed = false;
  let tellMore = (): void => {};

  const end = () => endPosition(active.basePosition, active.batches);
  const start = () => full[0]?.basePosition ?? active.basePosition;

  /** One piece of work on the files at a time, and none after one that failed. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = turn.then(async () => {
      if (failure) throw failure;
      try {
        return await work();
      } catch (error) {
        failure = writeFailure(directory.name, error);
        throw failure;
      }
    });
    turn = done.catch(() => {});
    return done;
  }

  function gather(): Gathering {
    const appends: Append[] = [];
    const positions = inTurn(() => {
      gathering = null;
      return write(appends);
    });
    return { appends, positions };
  }

  async function write(appends: readonly Append[]): Promise<readonly number[]> {
    if (isFull(appends[0]!.ingestTimeMs)) await roll();
    const offset = endOffset(active.batches);
    const { batches, bytes, positions } = encodeGroup(appends, end(), offset, batchBytes);
    await all([
      append(active.records, offset, bytes),
      append(active.sidecar, active.batches.length * ENTRY_BYTES, encodeEntries(batches)),
    ]);
    active.batches.push(...batches);
    tellMore();
    return positions;
  }

  function isFull(ingestTimeMs: number): boolean {
    const first = active.batches[0];
    if (first === undefined) return false;
    return endOffset(active.batches) >= segmentBytes || isApart(retention, first.ingestTimeMs, ingestTimeMs);
  }

  async function roll(): Promise<void> {
    const last = active;
    active = await createSegment(directory, end());
    full.push(closedOf(last));
    await closeSegment(last);
    logger.debug("segment begun", { position: active.basePosition });
  }

  /** Throws what keeps the log from being written. */
  function refuseWrites(): void {
    if (failure) throw failure;
    if (isClosed) throw closed(directory.name);
  }

  async function letGo(releasedPosition: number): Promise<void> {
    const newest = active.batches.at(-1);
    if (newest && end() <= releasedPosition && isOld(retention, newest.ingestTimeMs)) await roll();
    const count = countExpired(full, closedOf(active).bytes, releasedPosition, retention);
    const expired = full.splice(0, count).map(({ basePosition }) => basePosition);
    await removeSegments(directory, expired);
    if (count > 0) logger.debug("segments removed", { count, start: start() });
  }

  /** The segment that holds a position, with a file handle of the reader's own; the active one goes on growing. */
  async function enter(at: number): Promise<SegmentView> {
    refuseGone(at);
    const holder = full.findLast(({ basePosition }) => basePosition <= at);
    const isActive = holder === undefined || at >= active.basePosition;
    const segment = isActive ? active : await withBatches(holder);
    const view = segment && (await viewSegment(directory, segment));
    if (view) return view;
    refuseGone(at);
    throw corrupt(directory, (segment ?? holder ?? active).basePosition, at);
  }

  async function withBatches(segment: ClosedSegment) {
    const batches = await closedBatches(directory, segment);
    return batches && { basePosition: segment.basePosition, batches };
  }

  function refuseGone(at: number): void {
    if (at < start()) throw gone(directory.name, at, start());
  }

  async function* read(fromPosition: number): AsyncGenerator<RecordBatch> {
    refuseGone(fromPosition);
    let view: SegmentView | null = null;
    try {
      for (let at = fromPosition; at < end(); ) {
        if (view !== null && at >= endPosition(view.basePosition, view.batches)) {
          await view.records.close();
          view = null;
        }
        view ??= await enter(at);
        const batch: RecordBatch = await readSegment(directory, view, at, batchBytes);
        at += batch.count;
        yield batch;
      }
    } finally {
      await view?.records.close();
    }
  }

  return {
    async append(batch: Append): Promise<number> {
      refuseLineEnds(batch);
      refuseWrites();
      if (batch.records.length === 0) return end();
      gathering ??= gather();
      const index = gathering.appends.push(batch) - 1;
      return (await gathering.positions)[index]!;
    },
    read,
    start,
    end,
    isCurrent: () => true,
    settled: async () => true,
    onMore(listener) {
      tellMore = listener;
    },
    async release(beforePosition: number): Promise<void> {
      refuseWrites();
      await inTurn(() => letGo(beforePosition));
    },
    async close(): Promise<void> {
      if (isClosed) return;
      isClosed = true;
      await turn;
      await closeSegment(active);
    },
  };
}

async function recover(directory: SegmentDirectory): Promise<{ full: ClosedSegment[]; active: Segment }> {
  const { bases, leaving } = await listSegments(directory);
  await removeSegments(directory, leaving);
  const last = bases.at(-1);
  if (last === undefined) return { full: [], active: await createSegment(directory, 0) };
  const active = await recoverSegment(directory, last);
  const full: ClosedSegment[] = [];
  for (const [i, base] of bases.slice(0, -1).entries())
    full.push(await closedSegment(directory, base, bases[i + 1]!));
  return { full, active };
}

function closedOf({ basePosition, batches }: Segment): ClosedSegment {
  return {
    basePosition,
    endPosition: endPosition(basePosition, batches),
    bytes: endOffset(batches) + batches.length * ENTRY_BYTES,
    newestMs: batches.at(-1)?.ingestTimeMs ?? Infinity,
  };
}

/** Waits for each, also behind one that failed, so that no write is under way when the files are closed. */
async function all(writes: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(writes)).find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
}

async function append(file: SegmentFile, at: number, bytes: Uint8Array): Promise<void> {
  await file.write(at, bytes);
  await file.sync();
}
