/** Rows that fit a table's columns, for who only carries them. */
import type { Table } from "../../src/pipeline/pipeline.ts";
import type { SqlType, Value } from "../../src/sql/types.ts";

/** Another one for each number. */
export const someRow = ({ relation }: Pick<Table, "relation">, number: number): readonly Value[] =>
  relation.columns.map(({ name, type }) => someValue(type, `${name} ${number}`, number));

function someValue(type: SqlType, text: string, number: number): Value {
  switch (type.kind) {
    case "string":
      return text;
    case "boolean":
      return number % 2 === 0;
    case "timestamp":
      return Date.UTC(2026, 0, 1) + number;
    case "array":
      return [someValue(type.element, text, number)];
    case "struct":
      return type.fields.map((field) => someValue(field.type, text, number));
    case "double":
      return number + 0.5;
    case "bigint":
      return number;
    case "null":
      return null;
  }
}
