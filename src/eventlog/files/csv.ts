/** CSV with a header becomes NDJSON, so that everything behind the reader knows one form. */
import { Buffer } from "node:buffer";
import { pipeline, Readable } from "node:stream";
import { CsvError, parse } from "csv-parse";
import type { Leaf } from "../../contract/schema.ts";
import { fail, type LoanstreamError } from "../../errors.ts";
import { withoutMark } from "./lines.ts";
import { bytesOf, type Clash, columnPath, jsonOrText, recordShape, writeMembers } from "./record-shape.ts";

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const FLUSH_CHARACTERS = 1 << 16;

/** Where the cells of one column go: the names from the event's root to the field, and how a cell is written. */
interface CsvColumn {
  readonly path: readonly string[];
  readonly write: (cell: string) => string;
}

/**
 * The records of a CSV file as JSON lines. A column named by a leaf's dotted path (`loan.product`) takes its
 * type; an empty cell is absent; a cell that doesn't read as its type stays text, so that the scanner complains
 * of it by its path. A row with too few or too many cells becomes an array, which is no event. Texts keep their
 * bytes, so that the scanner refuses what is no UTF-8: below, a string holds a byte a character (latin1).
 */
export async function* csvToJsonLines(
  chunks: AsyncIterable<Uint8Array>,
  leaves: readonly Leaf[],
  file: string,
): AsyncGenerator<Uint8Array> {
  const relaxed = { relax_column_count: true, relax_quotes: true, skip_empty_lines: true };
  const rows = parse({ ...relaxed, encoding: "latin1" });
  pipeline(Readable.from(withoutMark(chunks)), rows, () => {});
  let toJson: ((cells: readonly string[]) => string) | null = null;
  let text = "";
  for await (const cells of rowsOf(rows, file)) {
    if (toJson === null) {
      toJson = rowWriter(cells, leaves, file);
      continue;
    }
    text += `${toJson(cells)}\n`;
    if (text.length < FLUSH_CHARACTERS) continue;
    yield Buffer.from(text, "latin1");
    text = "";
  }
  if (text !== "") yield Buffer.from(text, "latin1");
}

async function* rowsOf(
  rows: AsyncIterable<readonly string[]>,
  file: string,
): AsyncGenerator<readonly string[]> {
  try {
    yield* rows;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = typeof error.lines === "number" ? { line: error.lines } : {};
    throw fail("file.csv-malformed", `not CSV (${error.code})`, "Close the quotes of each quoted cell.", {
      file,
      ...line,
    });
  }
}

function rowWriter(header: readonly string[], leaves: readonly Leaf[], file: string) {
  const byPath = new Map(leaves.map((leaf) => [bytesOf(leaf.path), leaf]));
  const columns = header.map((name): CsvColumn => {
    const leaf = byPath.get(trimmed(name));
    return leaf
      ? { path: columnPath(trimmed(name), byPath), write: cellWriter(leaf) }
      : { path: [name], write: asText };
  });
  const shape = recordShape(columns.map(({ path }) => path));
  if ("column" in shape) throw oneName(shape, file);
  return (cells: readonly string[]): string => {
    if (cells.length !== columns.length) return JSON.stringify(cells);
    const members = writeMembers(shape, (index) => {
      const cell = cells[index] ?? "";
      return cell === "" ? null : (columns[index]?.write(cell) ?? null);
    });
    return `{${members}}`;
  };
}

function oneName(clash: Clash, file: string): LoanstreamError {
  const message = `columns ${clash.with + 1} and ${clash.column + 1} have one name`;
  const remedy = "Give each column a name of its own; the first line must be a header.";
  return fail("file.csv-malformed", message, remedy, { file, line: 1 });
}

function cellWriter(leaf: Leaf): (cell: string) => string {
  switch (leaf.type.kind) {
    case "bigint":
    case "double":
      return asNumber;
    case "timestamp":
      return leaf.format === "epoch-millis" ? asNumber : asText;
    case "boolean":
      return asBoolean;
    case "array":
      return asList;
    default:
      return asText;
  }
}

function asText(cell: string): string {
  return JSON.stringify(cell);
}

function asNumber(cell: string): string {
  const number = trimmed(cell);
  return JSON_NUMBER.test(number) ? number : asText(cell);
}

function asBoolean(cell: string): string {
  const lower = trimmed(cell).toLowerCase();
  return lower === "true" || lower === "false" ? lower : asText(cell);
}

/** A list is a cell that holds a JSON array. */
function asList(cell: string): string {
  return trimmed(cell).startsWith("[") ? jsonOrText(cell) : asText(cell);
}

/** Without ASCII's white space around it: `trim` would take a byte off a character such as à. */
function trimmed(bytes: string): string {
  return bytes.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "");
}
