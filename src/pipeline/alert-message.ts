/** The message of an alert: text with `{column}`, `{column:percent}` or `{column:money}` in it. */

import type { Column } from "../sql/plan.ts";
import { suggest } from "../suggest.ts";
import type { YamlNode } from "../yaml.ts";
import { type MessagePart, VALUE_FORMATS, type ValueFormat } from "./pipeline.ts";

const PLACEHOLDER = /\{([^{}]*)\}/;

/** Columns are by their place among `columns`. Null where it is missing or wrong, which has been reported. */
export function readMessage(node: YamlNode, columns: readonly Column[]): readonly MessagePart[] | null {
  const text = node.string();
  if (text === null) return null;
  const pieces = text.split(PLACEHOLDER);
  const parts = pieces.map((piece, place) => {
    if (place % 2 === 1) return readPlaceholder(piece, node, columns);
    if (!/[{}]/.test(piece)) return piece;
    node.complain("a brace has no other", "Write {column}.", "alert.wrong-message");
    return null;
  });
  return parts.every((part) => part !== null) ? parts.filter((part) => part !== "") : null;
}

function readPlaceholder(piece: string, node: YamlNode, columns: readonly Column[]): MessagePart | null {
  const [name = "", wanted = null] = piece.split(":", 2).map((part) => part.trim());
  const index = columns.findIndex((column) => column.name === name);
  const column = columns[index];
  if (!column) {
    const names = columns.map((candidate) => candidate.name);
    node.complain(`the table has no column ${name}`, `${suggest(name, names)}.`, "alert.wrong-message");
    return null;
  }
  if (column.lineage.pii.length > 0) {
    const shown = column.lineage.pii.join(", ");
    const remedy = "Show mask(x), a token, a count or a comparison instead.";
    node.complain(`${name} shows ${shown}, which the schema marks x-pii`, remedy, "sql.pii-exposed");
    return null;
  }
  const format = VALUE_FORMATS.find((candidate) => candidate === wanted) ?? null;
  if (wanted !== null && (format === null || !fits(format, column))) {
    const remedy = "Write percent of a DOUBLE, money of a BIGINT in minor units, or the name alone.";
    node.complain(`${name} can't be shown as ${wanted}`, remedy, "alert.wrong-message");
    return null;
  }
  return { column: index, format };
}

function fits(format: ValueFormat, { type }: Column): boolean {
  return type.kind === "double" || (type.kind === "bigint" && format === "money");
}
