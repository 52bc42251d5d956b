/** Bounded files as record batches. They have no ingest times, and one partition. */
import { createReadStream } from "node:fs";
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import type { Leaf } from "../../contract/schema.ts";
import type { RecordBatch } from "../../engine/batch.ts";
import { fail, LoanstreamError } from "../../errors.ts";
import { csvToJsonLines } from "./csv.ts";
import { type Form, type Peeked, peek } from "./form.ts";
import { batchLines } from "./lines.ts";
import { unzstd } from "./zstd.ts";

export interface FileSettings {
  /** Of files whose name doesn't say; `csv` needs a header. */
  readonly format: "json" | "csv";
  /** The schema's leaves: types of CSV cells and of Parquet columns. */
  readonly leaves: readonly Leaf[];
  /** What the path `-` reads. */
  readonly stdin: Readable;
  /** Least bytes of a batch, but for the last of a file. Default: 1 MiB. */
  readonly batchBytes?: number;
  /** Told of each read how many bytes it took, compressed ones where the file is. */
  readonly onBytes?: (count: number) => void;
}

type TextForm = Exclude<Form, "parquet">;

const MEBIBYTE = 1 << 20;

/**
 * The records of the files, one after the other; positions count from 0 over all of them. The first bytes tell gzip,
 * zstd and Parquet; a name that ends in `.csv`, `.ndjson`, `.jsonl` or `.json`, `.gz` or `.zst` behind it or not, tells
 * what else it is; `-` is standard input.
 * Throws `file.unreadable`, `file.csv-malformed`, `file.parquet-malformed` or `file.parquet-unsupported`, with the file.
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

async function* jsonLines(path: string, settings: FileSettings): AsyncGenerator<Uint8Array> {
  const source = path === "-" ? settings.stdin : createReadStream(path, { highWaterMark: MEBIBYTE });
  try {
    const { form, bytes } = await peek(source);
    if (form !== "parquet")
      yield* textLines(path, { form, bytes: counted(bytes, settings.onBytes) }, settings);
    else if (path === "-") throw parquetElsewhere(path);
    else yield* await parquetLines(path, settings);
  } catch (error) {
    if (error instanceof LoanstreamError || !(error instanceof Error)) throw error;
    throw fail("file.unreadable", ...reasonOf(error), { file: path });
  } finally {
    source.destroy();
  }
}

async function* textLines(
  path: string,
  { form, bytes }: Peeked<TextForm>,
  settings: FileSettings,
): AsyncGenerator<Uint8Array> {
  if (path.endsWith(".parquet") && form === "plain")
    throw fail(
      "file.parquet-malformed",
      "it doesn't begin as Parquet does",
      "Copy it again, whole, or rename it.",
      {
        file: path,
      },
    );
  const plain = form === "plain" ? { form, bytes } : await peek(unpacked(form, bytes));
  if (plain.form === "parquet") throw parquetElsewhere(path);
  yield* formatOf(path, settings) === "csv"
    ? csvToJsonLines(plain.bytes, settings.leaves, path)
    : plain.bytes;
}

/** The reader of Parquet is loaded by those who need it. */
async function parquetLines(
  path: string,
  { leaves, onBytes }: FileSettings,
): Promise<AsyncGenerator<Uint8Array>> {
  const { parquetToJsonLines } = await import("./parquet.ts");
  return parquetToJsonLines(path, leaves, onBytes ?? (() => {}));
}

function parquetElsewhere(path: string): LoanstreamError {
  const message = "Parquet is read from its end, which neither standard input nor a compressed file allows";
  return fail("file.parquet-unsupported", message, "Name the Parquet file itself, decompressed.", {
    file: path,
  });
}

function formatOf(path: string, { format }: FileSettings): "json" | "csv" {
  const extension = /\.(csv|ndjson|jsonl|json)(?:\.gz|\.zst)?$/.exec(path)?.[1];
  if (extension === undefined) return format;
  return extension === "csv" ? "csv" : "json";
}

async function* counted(
  bytes: AsyncIterable<Uint8Array>,
  onBytes: FileSettings["onBytes"],
): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    onBytes?.(chunk.length);
    yield chunk;
  }
}

function unpacked(form: "gzip" | "zstd", bytes: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  if (form === "zstd") return unzstd(bytes);
  return pipeline(Readable.from(bytes), createGunzip({ chunkSize: MEBIBYTE }), () => {});
}

/** What is wrong, and what to do. */
function reasonOf(error: Error): [string, string] {
  const code = "code" in error ? String(error.code) : "";
  if (code === "Z_BUF_ERROR" || code === "ZSTD_error_srcSize_wrong")
    return ["its compressed data is cut short", "Copy it again, whole."];
  if (/^(?:Z|ZSTD)_/.test(code)) return [`its compressed data is damaged (${code})`, "Copy it again, whole."];
  return [unreadable(code, error.message), "Name a file that is there and readable."];
}

function unreadable(code: string, message: string): string {
  if (code === "ENOENT") return "there is no such file";
  if (code === "EISDIR") return "this is a directory";
  if (code === "EACCES") return "no permission to read it";
  return `it can't be read (${code || message})`;
}
