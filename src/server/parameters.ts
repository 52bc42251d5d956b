/** Reads the parameters of a request, each checked: what is unknown or given twice is refused. */
import { fail, type LoanstreamError } from "../errors.ts";
import { typeName } from "../sql/build.ts";
import type { SqlType, Value } from "../sql/types.ts";
import { suggest } from "../suggest.ts";
import type { ServedTable } from "./served.ts";

export interface RowsQuery {
  readonly limit: number;
  readonly beforeSeq: number | null;
  /** Columns and what they must equal. */
  readonly where: ReadonlyMap<string, Value>;
}

const LIMIT = { default: 100, most: 1000 };

/** Throws `request.invalid-parameter`. */
export function rowsQuery(table: ServedTable, parameters: URLSearchParams): RowsQuery {
  const { limit, before, ...filters } = eachOnce(parameters);
  return {
    limit: limit === undefined ? LIMIT.default : wholeNumber("limit", limit, 1, LIMIT.most),
    beforeSeq: before === undefined ? null : wholeNumber("before", before, 1, Number.MAX_SAFE_INTEGER),
    where: new Map(Object.entries(filters).map(([name, text]) => [name, filterValue(table, name, text)])),
  };
}

/** For a route that takes none. Throws `request.invalid-parameter`. */
export function refuseParameters(parameters: URLSearchParams): void {
  const [name] = parameters.keys();
  if (name !== undefined) throw invalid(`there is no parameter ${shown(name)}`, "This path takes none.");
}

export interface StreamQuery {
  readonly tables: readonly string[];
  /** Null begins now. */
  readonly afterSeq: number | null;
}

/**
 * What to stream, and from where on: `Last-Event-ID`, which a browser sends when it connects again, goes before
 * `after`. Throws `request.invalid-parameter`, `request.unknown-table`.
 */
export function streamQuery(
  served: ReadonlyMap<string, ServedTable>,
  parameters: URLSearchParams,
  lastEventId: string | undefined,
): StreamQuery {
  const { tables, after, ...others } = eachOnce(parameters);
  refuseOthers(others, ["tables", "after"]);
  const [name, from] = lastEventId ? ["Last-Event-ID", lastEventId] : ["after", after];
  const names = tables === undefined ? [...served.keys()] : tables.split(",");
  return {
    tables: [...new Set(names.map((name) => tableNamed(served, name).name))],
    afterSeq: from === undefined ? null : wholeNumber(name, from, 0, Number.MAX_SAFE_INTEGER),
  };
}

/** Throws `request.unknown-table`. */
export function tableNamed(served: ReadonlyMap<string, ServedTable>, name: string): ServedTable {
  const table = served.get(name);
  if (table) return table;
  throw fail(
    "request.unknown-table",
    `there is no table ${shown(name)}`,
    `${suggest(name, [...served.keys()])}.`,
  );
}

function eachOnce(parameters: URLSearchParams): Readonly<Record<string, string>> {
  const names = [...parameters.keys()];
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw invalid(`${shown(twice)} is given twice`, "Give it once.");
  return Object.fromEntries(parameters);
}

function refuseOthers(others: Readonly<Record<string, string>>, known: readonly string[]): void {
  const [name] = Object.keys(others);
  if (name !== undefined) throw invalid(`there is no parameter ${shown(name)}`, `${suggest(name, known)}.`);
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least && number <= most) return number;
  const bounds = most === Number.MAX_SAFE_INTEGER ? `from ${least} on` : `from ${least} to ${most}`;
  throw invalid(`${name} is no whole number ${bounds}`, "Give one, such as 100.");
}

function filterValue({ name: table, columns }: ServedTable, name: string, text: string): Value {
  const column = columns.find((candidate) => candidate.name === name);
  if (!column) {
    const known = [...columns.map((candidate) => candidate.name), "limit", "before"];
    throw invalid(`${table} has no column ${shown(name)}`, `${suggest(name, known)}.`);
  }
  const reading = READINGS[column.type.kind];
  if (!reading) throw invalid(`${name} is a list`, "Filter by a column of single values.");
  const value = reading.read(text);
  if (value === null) throw invalid(`${name} is ${typeName(column.type)}`, `Give it as ${reading.example}.`);
  return value;
}

interface Reading {
  /** Null where the text is no such value. */
  readonly read: (text: string) => Value;
  readonly example: string;
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?Z$/;

const READINGS: Partial<Record<SqlType["kind"], Reading>> = {
  string: { read: (text) => text, example: "text" },
  boolean: {
    read: (text) => (text === "true" ? true : text === "false" ? false : null),
    example: "true or false",
  },
  bigint: { read: integer, example: "a whole number of 64 bits" },
  double: {
    read: (text) => (/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? finite(Number(text)) : null),
    example: "a number such as 0.25",
  },
  timestamp: {
    read: (text) => (TIME.test(text) ? finite(Date.parse(text)) : null),
    example: "a time such as 2026-01-05T17:30:00.000Z",
  },
};

function integer(text: string): Value {
  if (!/^-?\d{1,19}$/.test(text)) return null;
  const wide = BigInt(text);
  if (BigInt.asIntN(64, wide) !== wide) return null;
  return Number.isSafeInteger(Number(wide)) ? Number(wide) : wide;
}

const finite = (number: number): number | null => (Number.isFinite(number) ? number : null);

const LONGEST_SHOWN = 64;

/** What a user sent, in a message. */
function shown(text: string): string {
  return JSON.stringify(text.slice(0, LONGEST_SHOWN));
}

function invalid(message: string, remedy: string): LoanstreamError {
  return fail("request.invalid-parameter", message, remedy);
}
