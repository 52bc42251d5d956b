/** Where a model's rows differ from those that a test expects, row by row and column by column. */
import type { DeadLetter } from "../../engine/engine.ts";
import type { Place } from "../../errors.ts";
import type { Column } from "../../sql/plan.ts";
import type { SqlType, Value } from "../../sql/types.ts";
import type { ExpectedRow, ModelTest, Refused } from "./model-tests.ts";
import { rowText, valueText } from "./values.ts";

export interface Difference {
  /** Where the test says otherwise. */
  readonly place: Place;
  /** Some lines. */
  readonly text: string;
}

type Row = readonly Value[];

/** What the log refused, against what the test says of it. */
export function refusalDifferences(
  { place, ledger }: ModelTest,
  found: Refused,
  dead: readonly DeadLetter[],
): readonly Difference[] {
  const reasons = dead.filter(({ reason }) => reason !== "").map(deadText);
  return (["late", "duplicate", "dead"] as const)
    .filter((what) => ledger[what] !== found[what])
    .map((what) => ({
      place,
      text: [
        `${what}: expected ${events(ledger[what])}, found ${found[what]}`,
        ...(what === "dead" ? reasons : []),
      ].join("\n"),
    }));
}

const events = (count: number) => `${count} ${count === 1 ? "record" : "records"}`;

function deadText({ position, path, reason }: DeadLetter): string {
  return `  record ${position + 1} is dead: ${path}: ${reason}`;
}

/** Order says nothing; each expected row stands for one row of the model among those that the test looks at. */
export function rowDifferences(
  { place, where, expected, tolerance }: ModelTest,
  columns: readonly Column[],
  all: readonly Row[],
): readonly Difference[] {
  const rows = all.filter((row) =>
    [...where].every(([at, value]) => same(columns[at]!.type, value, row[at] ?? null, tolerance)),
  );
  const wrongCells = (row: ExpectedRow, found: Row) =>
    [...row.cells].filter(([at, value]) => !same(columns[at]!.type, value, found[at] ?? null, tolerance));
  const pairs = matching(expected, rows, (row, found) => wrongCells(row, found).length === 0);
  const left = new Set(rows.keys().filter((index) => !pairs.includes(index)));
  const differences = expected.flatMap((row, index): readonly Difference[] => {
    if (pairs[index] !== null) return [];
    const nearest = [...left].sort(
      (a, b) => wrongCells(row, rows[a]!).length - wrongCells(row, rows[b]!).length,
    )[0];
    if (nearest === undefined)
      return [{ place: row.place, text: `expected and not found: ${expectedText(row, columns)}` }];
    left.delete(nearest);
    return [{ place: row.place, text: cellsText(wrongCells(row, rows[nearest]!), columns, rows[nearest]!) }];
  });
  const unexpected = [...left].map((index) => ({
    place,
    text: `found and not expected: ${rowText(columns, rows[index]!)}`,
  }));
  return [...differences, ...unexpected];
}

/** For each expected row the index of its own row, or null: as many pairs as can be (augmenting paths). */
function matching(
  expected: readonly ExpectedRow[],
  rows: readonly Row[],
  fits: (row: ExpectedRow, found: Row) => boolean,
): readonly (number | null)[] {
  const owner = new Map<number, number>();
  const place = (index: number, tried: Set<number>): boolean => {
    for (const [at, row] of rows.entries()) {
      if (tried.has(at) || !fits(expected[index]!, row)) continue;
      tried.add(at);
      const other = owner.get(at);
      if (other !== undefined && !place(other, tried)) continue;
      owner.set(at, index);
      return true;
    }
    return false;
  };
  for (const index of expected.keys()) place(index, new Set());
  const pairs: (number | null)[] = expected.map(() => null);
  for (const [at, index] of owner) pairs[index] = at;
  return pairs;
}

function same(type: SqlType, expected: Value, found: Value, tolerance: number): boolean {
  if (Array.isArray(expected) && Array.isArray(found))
    return (
      expected.length === found.length &&
      expected.every((value: Value, i) => same(partOf(type, i), value, found[i] ?? null, tolerance))
    );
  if (type.kind === "double" && typeof expected === "number" && typeof found === "number")
    return Math.abs(expected - found) <= tolerance;
  if (typeof expected === "bigint" || typeof found === "bigint") return String(expected) === String(found);
  return expected === found;
}

function partOf(type: SqlType, index: number): SqlType {
  if (type.kind === "array") return type.element;
  return type.kind === "struct" ? type.fields[index]!.type : type;
}

function expectedText({ cells }: ExpectedRow, columns: readonly Column[]): string {
  const named = [...cells].map(([at]) => columns[at]!);
  return rowText(named, [...cells.values()]);
}

/** A line a column. */
function cellsText(
  wrong: readonly (readonly [number, Value])[],
  columns: readonly Column[],
  found: Row,
): string {
  const width = Math.max(...wrong.map(([at]) => columns[at]!.name.length));
  return wrong
    .map(([at, value]) => {
      const { name, type } = columns[at]!;
      return `${name.padEnd(width)}  expected ${valueText(type, value)}, found ${valueText(type, found[at] ?? null)}`;
    })
    .join("\n");
}
