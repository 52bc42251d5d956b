/** Bounded files as record batches. They have no ingest times, and one partition. */
import { createReadStream } from "node:fs";
import { pipeline, type Readable } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import type { Leaf } from "../../contract/schema.ts";
import type { RecordBatch } from "../../engine/batch.ts";
import { fail, LoanstreamError } from "../../errors.ts";
import { csvToJsonLines } from "./csv.ts";
import { batchLines } from "./lines.ts";

export interface FileSettings {
  /** Of files whose name doesn't say; `csv` needs a header. */
  readonly format: "json" | "csv";
  /** The schema's leaves: types of CSV cells. */
  readonly leaves: readonly Leaf[];
  /** What the path `-` reads. */
  readonly stdin: Readable;
  /** Least bytes of a batch, but for the last of a file. Default: 1 MiB. */
  readonly batchBytes?: number;
}

const MEBIBYTE = 1 << 20;

/**
 * The records of the files, one after the other; positions count from 0 over all of them. A name that ends in
 * `.csv`, `.ndjson`, `.jsonl` or `.json` says the format; `.gz` and `.zst` are decompressed; `-` is standard input.
 * Throws `file.unreadable` or `file.csv-malformed`, with the file.
 */
export async function* readRecords(
  paths: readonly string[],
  settings: FileSettings,
): AsyncGenerator<RecordBatch> {
  let basePosition = 0;
  for (const path of paths) {
    for await (const lines of batchLines(jsonLines(path, settings), settings.batchBytes ?? MEBIBYTE)) {
      yield { partition: 0, basePosition, ingestTimesMs: null, ...lines };
      basePosition += lines.count;
    }
  }
}

function jsonLines(path: string, settings: FileSettings): AsyncIterable<Uint8Array> {
  const bytes = readable(path, settings.stdin);
  return formatOf(path, settings) === "csv" ? csvToJsonLines(bytes, settings.leaves, path) : bytes;
}

function formatOf(path: string, { format }: FileSettings): "json" | "csv" {
  const extension = /\.(csv|ndjson|jsonl|json)(?:\.gz|\.zst)?$/.exec(path)?.[1];
  if (extension === undefined) return format;
  return extension === "csv" ? "csv" : "json";
}

async function* readable(path: string, stdin: Readable): AsyncGenerator<Uint8Array> {
  try {
    yield* decompressed(path, path === "-" ? stdin : createReadStream(path, { highWaterMark: MEBIBYTE }));
  } catch (error) {
    if (error instanceof LoanstreamError || !(error instanceof Error)) throw error;
    throw fail("file.unreadable", ...reasonOf(error), { file: path });
  }
}

function decompressed(path: string, bytes: Readable): Readable {
  const unpack = path.endsWith(".gz")
    ? createGunzip({ chunkSize: MEBIBYTE })
    : path.endsWith(".zst")
      ? createZstdDecompress({ chunkSize: MEBIBYTE })
      : null;
  return unpack === null ? bytes : pipeline(bytes, unpack, () => {});
}

/** What is wrong, and what to do. */
function reasonOf(error: Error): [string, string] {
  const code = "code" in error ? String(error.code) : "";
  if (code === "Z_BUF_ERROR" || code === "ZSTD_error_srcSize_wrong")
    return ["its compressed data is cut short", "Copy it again, whole."];
  if (/^(?:Z|ZSTD)_/.test(code))
    return [
      `it doesn't hold what its name says (${code})`,
      "Rename it if it isn't compressed, or copy it again.",
    ];
  return [unreadable(code, error.message), "Name a file that is there and readable."];
}

function unreadable(code: string, message: string): string {
  if (code === "ENOENT") return "there is no such file";
  if (code === "EISDIR") return "this is a directory";
  if (code === "EACCES") return "no permission to read it";
  return `it can't be read (${code || message})`;
}
