/** The embedded log: a directory of segments, appended to by one process. */
import type { RecordBatch } from "../../engine/batch.ts";
import { fail } from "../../errors.ts";
import type { Append, EventLog } from "../event-log.ts";
import { encodeGroup, type Waiting } from "./group.ts";
import { readSegment } from "./read-segment.ts";
import {
  closeSegment,
  createSegment,
  endOffset,
  endPosition,
  listSegments,
  openSegment,
  recoverSegment,
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
}

const MEBIBYTE = 1 << 20;

/** Opens the log in a directory, recovering what a crash left. Throws `log.corrupt`. */
export async function openSegmentLog(
  directory: SegmentDirectory,
  { segmentBytes = 64 * MEBIBYTE, batchBytes = MEBIBYTE }: SegmentLogSettings = {},
): Promise<EventLog> {
  const bases = await listSegments(directory);
  const lastBase = bases.at(-1);
  let active =
    lastBase === undefined ? await createSegment(directory, 0) : await recoverSegment(directory, lastBase);
  if (lastBase === undefined) bases.push(0);
  let waiting: Waiting[] = [];
  let flushing: Promise<void> | null = null;
  let stopped: "open" | "failed" | "closed" = "open";

  async function flush(): Promise<void> {
    while (waiting.length > 0) {
      const group = waiting;
      waiting = [];
      try {
        await write(group);
      } catch (error) {
        stopped = "failed";
        for (const { reject } of [...group, ...waiting]) reject(failed(directory, error));
        waiting = [];
      }
    }
    flushing = null;
  }

  async function write(group: readonly Waiting[]): Promise<void> {
    if (endOffset(active.batches) >= segmentBytes) await roll();
    const { batches, bytes, positions } = encodeGroup(
      group,
      position(),
      endOffset(active.batches),
      batchBytes,
    );
    await Promise.all([
      append(active.records, endOffset(active.batches), bytes),
      append(active.sidecar, active.batches.length * ENTRY_BYTES, encodeEntries(batches)),
    ]);
    active.batches.push(...batches);
    for (const [i, { resolve }] of group.entries()) resolve(positions[i]!);
  }

  async function roll(): Promise<void> {
    const full = active;
    active = await createSegment(directory, position());
    bases.push(active.basePosition);
    await closeSegment(full);
  }

  const position = () => endPosition(active.basePosition, active.batches);

  /** The segment that holds a position, with a file handle of the reader's own; the active one goes on growing. */
  function enter(at: number): Promise<SegmentView> {
    const index = bases.findLastIndex((first) => first <= at);
    const next = bases[index + 1];
    return next === undefined ? viewSegment(directory, active) : openSegment(directory, bases[index]!, next);
  }

  async function* read(fromPosition: number): AsyncGenerator<RecordBatch> {
    const oldest = bases[0]!;
    if (fromPosition < oldest) throw gone(directory, fromPosition, oldest);
    let view: SegmentView | null = null;
    try {
      for (let at = fromPosition; at < position(); ) {
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
      if (stopped !== "open") throw failed(directory, null);
      if (batch.records.length === 0) return position();
      const durable = new Promise<number>((resolve, reject) => waiting.push({ batch, resolve, reject }));
      flushing ??= flush();
      return durable;
    },
    read,
    end: position,
    async close(): Promise<void> {
      if (stopped === "closed") return;
      stopped = "closed";
      await flushing;
      await closeSegment(active);
    },
  };
}

async function append(file: SegmentFile, at: number, bytes: Uint8Array): Promise<void> {
  await file.write(at, bytes);
  await file.sync();
}

function refuseLineEnds({ records }: Append): void {
  const index = records.findIndex((record) => record.includes(0x0a));
  if (index < 0) return;
  const remedy = "Write each record as JSON on one line.";
  throw fail("log.record-has-line-end", `record ${index} of those to append holds a line end`, remedy);
}

function failed(directory: SegmentDirectory, cause: unknown) {
  const why = cause instanceof Error ? ` (${cause.message})` : "";
  const remedy = "Look at the disk's space and permissions, then start again: what was acknowledged is kept.";
  return fail("log.failed", `the log takes no more records${why}`, remedy, { file: directory.name });
}

function gone(directory: SegmentDirectory, position: number, oldest: number) {
  const message = `position ${position} is no longer kept, the oldest is ${oldest}`;
  return fail("log.position-gone", message, `Begin at ${oldest}.`, { file: directory.name });
}
