/** How far the reading of files has come: one line on a terminal, kept up to date, gone at the end. */
import type { RecordBatch } from "../engine/batch.ts";
import { duration } from "../output/quantities.ts";

export interface ReadingProgressParts {
  /** Of all files; null where that isn't known (standard input, a pipe). */
  readonly totalBytes: number | null;
  /** Null where there is no terminal: nothing is shown. */
  readonly screen: Pick<NodeJS.WriteStream, "write" | "columns"> | null;
  readonly nowMs: () => number;
}

export interface ReadingProgress {
  addBytes(count: number): void;
  /** Passes the batches on and shows how far they have come. */
  along(batches: AsyncIterable<RecordBatch>): AsyncIterable<RecordBatch>;
}

export interface Reading {
  readonly bytes: number;
  readonly totalBytes: number | null;
  readonly records: number;
  readonly elapsedMs: number;
}

const REFRESH_MS = 200;
/** Where the terminal doesn't say how wide it is. */
const UNKNOWN_COLUMNS = 80;
const CLEAR_LINE = "\r\x1b[K";

export function createReadingProgress({ totalBytes, screen, nowMs }: ReadingProgressParts): ReadingProgress {
  let bytes = 0;
  let records = 0;

  async function* shown(batches: AsyncIterable<RecordBatch>, on: NonNullable<typeof screen>) {
    const startMs = nowMs();
    let shownMs = startMs;
    try {
      for await (const batch of batches) {
        yield batch;
        records += batch.count;
        const atMs = nowMs();
        if (atMs - shownMs < REFRESH_MS) continue;
        shownMs = atMs;
        const text = readingText({ bytes, totalBytes, records, elapsedMs: atMs - startMs });
        on.write(CLEAR_LINE + text.slice(0, (on.columns || UNKNOWN_COLUMNS) - 1));
      }
    } finally {
      on.write(CLEAR_LINE);
    }
  }

  return {
    addBytes(count) {
      bytes += count;
    },
    along: (batches) => (screen === null ? batches : shown(batches, screen)),
  };
}

const MEGABYTE = 1_000_000;

/** `12.3 of 74.1 MB (16%), 8,192 records, 52,000 a second, 4 s left` */
export function readingText({ bytes, totalBytes, records, elapsedMs }: Reading): string {
  const read = (bytes / MEGABYTE).toFixed(1);
  const rate = Math.round((records / Math.max(1, elapsedMs)) * 1000);
  const counts = `${records.toLocaleString("en-US")} records, ${rate.toLocaleString("en-US")} a second`;
  if (totalBytes === null) return `${read} MB, ${counts}`;
  const share = totalBytes === 0 ? 1 : Math.min(1, bytes / totalBytes);
  const total = (totalBytes / MEGABYTE).toFixed(1);
  const done = `${read} of ${total} MB (${Math.floor(share * 100)}%), ${counts}`;
  return share === 0 ? done : `${done}, ${durationLeft((elapsedMs * (1 - share)) / share)}`;
}

/** Rounded up to seconds, so that what isn't over takes some time yet. */
export function durationLeft(ms: number): string {
  return `${duration(Math.ceil(ms / 1000) * 1000)} left`;
}
