/** How a table differs from the one of the same name in another version of the pipeline. */
import { sameType, typeName } from "../sql/build.ts";
import { identityOf } from "../sql/identity.ts";
import type { Table } from "./pipeline.ts";

/** Parts of a sentence about the table; at least one where the fingerprints differ. */
export function tableDifferences(before: Table, after: Table): readonly string[] {
  const shape = [...columnDifferences(before, after), ...outputDifferences(before, after)];
  const computed = computedDifferences(before, after);
  return shape.length + computed.length > 0 ? [...shape, ...computed] : ["what it computes is another"];
}

function columnDifferences(before: Table, after: Table): readonly string[] {
  const old = columnsOf(before);
  const current = columnsOf(after);
  const added = [...current.keys()].filter((name) => !old.has(name));
  const removed = [...old.keys()].filter((name) => !current.has(name));
  const retyped = [...current].flatMap(([name, { type }]) => {
    const was = old.get(name)?.type;
    return was && !sameType(was, type) ? [`${name} is ${typeName(type)}, was ${typeName(was)}`] : [];
  });
  return [...counted(added, "new"), ...counted(removed, "gone"), ...retyped];
}

function outputDifferences(before: Table, after: Table): readonly string[] {
  const emit = before.emit === after.emit ? [] : [`emit is ${after.emit}, was ${before.emit}`];
  const [was, is] = [keyText(before), keyText(after)];
  return was === is ? emit : [...emit, `its key is ${is}, was ${was}`];
}

function keyText({ key, relation }: Table): string {
  const nullable = new Set(relation.columns.filter((column) => column.nullable).map(({ name }) => name));
  return `(${key.map((name) => (nullable.has(name) ? `${name} or null` : name)).join(", ")})`;
}

function computedDifferences(before: Table, after: Table): readonly string[] {
  const was = identityOf(before.relation);
  const is = identityOf(after.relation);
  const old = new Map(before.relation.columns.map(({ name }, index) => [name, was.columns[index]]));
  const other = after.relation.columns
    .filter(({ name }, index) => old.has(name) && old.get(name) !== is.columns[index])
    .map(({ name }) => name);
  const columns = counted(other, "computed otherwise");
  return was.rows === is.rows
    ? columns
    : [...columns, "it has other rows (WHERE, GROUP BY, HAVING or explode)"];
}

function columnsOf({ relation }: Table) {
  return new Map(relation.columns.map((column) => [column.name, column]));
}

/** `a, b are new` */
function counted(names: readonly string[], what: string): readonly string[] {
  if (names.length === 0) return [];
  return [`${names.join(", ")} ${names.length === 1 ? "is" : "are"} ${what}`];
}
