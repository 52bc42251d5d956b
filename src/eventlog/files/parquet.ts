/** Parquet becomes NDJSON, as CSV does: a row group at a time, by reads of the ranges that hold its columns. */
import { Buffer } from "node:buffer";
import { type FileHandle, open } from "node:fs/promises";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import {
  type AsyncBuffer,
  type FileMetaData,
  type ParquetScan,
  parquetMetadataAsync,
  parquetScan,
  parquetSchema,
} from "hyparquet";
import { compressors } from "hyparquet-compressors";
import type { Leaf } from "../../contract/schema.ts";
import { fail, LoanstreamError } from "../../errors.ts";
import { type CellWriter, columnWriter } from "./parquet-cells.ts";
import {
  bytesOf,
  type Clash,
  columnPath,
  type RecordShape,
  recordShape,
  writeMembers,
} from "./record-shape.ts";

interface Columns {
  readonly names: readonly string[];
  readonly writers: readonly CellWriter[];
  readonly shape: RecordShape;
}

const FLUSH_CHARACTERS = 1 << 20;

/**
 * The rows of a Parquet file as JSON lines. A column named by a leaf's dotted path goes there, structs and lists
 * become objects and arrays; nulls are left out. What the schema doesn't read may be of any type: it is left out where
 * JSON has no form for it. `onBytes` is told how many bytes of the file
 * the rows took, as they leave.
 * Throws `file.parquet-malformed` or `file.parquet-unsupported`.
 */
export async function* parquetToJsonLines(
  path: string,
  leaves: readonly Leaf[],
  onBytes: (count: number) => void,
): AsyncGenerator<Uint8Array> {
  const handle = await open(path);
  try {
    const { size } = await handle.stat();
    const footer = rangesOf(handle, size, () => {});
    const metadata = await malformedAs(path, () => parquetMetadataAsync(footer, { parsers: AS_STORED }));
    const columns = columnsOf(metadata, leaves, path);
    let groupBytes = 0;
    const file = rangesOf(handle, size, (count) => {
      groupBytes += count;
    });
    const scan = await malformedAs(path, () => openScan(file, metadata, columns.names));
    for (const { rowStart, rowEnd } of scan.ranges) {
      const cells = await malformedAs(path, () => readGroup(scan, columns.names, rowStart, rowEnd));
      const bytesARow = groupBytes / (rowEnd - rowStart);
      yield* linesOf(columns, cells, rowEnd - rowStart, (rows) => onBytes(rows * bytesARow));
      groupBytes = 0;
    }
  } finally {
    await handle.close();
  }
}

function rangesOf(handle: FileHandle, size: number, onBytes: (count: number) => void): AsyncBuffer {
  return {
    byteLength: size,
    async slice(start, end = size) {
      const bytes = new Uint8Array(Math.max(0, end - start));
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
      if (bytesRead < bytes.length) throw new Error("it ends before its columns do");
      onBytes(bytesRead);
      return bytes.buffer;
    },
  };
}

/** Statistics aren't read, and INT96 stays the number of nanoseconds. */
const AS_STORED = {
  jsonFromBytes: (bytes: Uint8Array) => bytes,
  timestampFromNanoseconds: (nanos: bigint) => nanos,
};

/** Values as they are stored, without the library's conversions, which would round decimals and times. */
function openScan(
  file: AsyncBuffer,
  metadata: FileMetaData,
  columns: readonly string[],
): Promise<ParquetScan> {
  const schema = metadata.schema.map((element) => {
    if (element.type === undefined) return element;
    const { converted_type: _, logical_type: __, ...stored } = element;
    return stored;
  });
  return parquetScan({
    file,
    metadata: { ...metadata, schema },
    columns: [...columns],
    utf8: false,
    parsers: AS_STORED,
    compressors: {
      ...compressors,
      GZIP: (bytes) => gunzipSync(bytes),
      ZSTD: (bytes) => zstdDecompressSync(bytes),
    },
  });
}

function columnsOf(metadata: FileMetaData, leaves: readonly Leaf[], path: string): Columns {
  const byPath = new Map(leaves.map((leaf) => [leaf.path, leaf]));
  const names: string[] = [];
  const writers: CellWriter[] = [];
  for (const node of parquetSchema(metadata).children) {
    const { name } = node.element;
    const write = columnWriter(node, byPath);
    if (typeof write !== "string") {
      names.push(name);
      writers.push(write);
    } else if (leaves.some((leaf) => leaf.path === name || leaf.path.startsWith(`${name}.`))) {
      throw unsupported(path, `column ${name} is of the type ${write}, which is not read`);
    }
  }
  const shape = recordShape(names.map((name) => columnPath(name, byPath).map(bytesOf)));
  if ("column" in shape) throw oneField(path, shape, names);
  return { names, writers, shape };
}

async function readGroup(
  scan: ParquetScan,
  columns: readonly string[],
  rowStart: number,
  rowEnd: number,
): Promise<readonly ArrayLike<unknown>[]> {
  const cells: ArrayLike<unknown>[] = [];
  for (const column of columns) cells.push(await scan.readColumn({ column, rowStart, rowEnd }));
  return cells;
}

function* linesOf(
  { shape, writers }: Columns,
  cells: readonly ArrayLike<unknown>[],
  rows: number,
  onRows: (count: number) => void,
): Generator<Uint8Array> {
  let text = "";
  let told = 0;
  for (let row = 0; row < rows; row++) {
    text += `{${writeMembers(shape, (column) => writers[column]?.(cells[column]?.[row]) ?? null)}}\n`;
    if (text.length < FLUSH_CHARACTERS && row + 1 < rows) continue;
    onRows(row + 1 - told);
    told = row + 1;
    yield Buffer.from(text, "latin1");
    text = "";
  }
}

/** The library's errors by its bare messages; those of the file system stay as they are. */
async function malformedAs<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof LoanstreamError || !(error instanceof Error) || "syscall" in error) throw error;
    const [message = ""] = error.message.replace(/^parquet /, "").split("\n");
    const feature = /^unsupported (.*)/.exec(message)?.[1];
    if (feature !== undefined) throw unsupported(file, `its ${feature} is not read`);
    const remedy = "Copy it again, whole, or write it anew.";
    throw fail("file.parquet-malformed", `it can't be read as Parquet (${message})`, remedy, { file });
  }
}

function unsupported(file: string, message: string): LoanstreamError {
  return fail("file.parquet-unsupported", message, "Write the file without it, or as NDJSON.", { file });
}

function oneField(file: string, clash: Clash, names: readonly string[]): LoanstreamError {
  const message = `columns ${names[clash.with]} and ${names[clash.column]} are one field`;
  return fail("file.parquet-malformed", message, "Leave one of them out.", { file });
}
