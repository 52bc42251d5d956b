/** Which column of a table tells when a row was. */
import { originOf } from "../sql/trace.ts";
import type { Table } from "./pipeline.ts";

/** The place of the event's time, or of the window's end; null where the table shows neither. */
export function timeColumn({ relation }: Pick<Table, "relation">): number | null {
  const found = relation.columns.findIndex(({ eventTime }, index) => {
    const origin = originOf(relation, index);
    return eventTime || (origin?.relation.op === "aggregate" && origin.index === 1);
  });
  return found < 0 ? null : found;
}
