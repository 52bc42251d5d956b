/** What a table's rows are of: a window, or an event. */
import type { Relation } from "../sql/plan.ts";
import { originOf } from "../sql/trace.ts";
import type { SourceSettings, Table } from "./pipeline.ts";
import { POSITION_COLUMN } from "./source.ts";

/** Places among the table's columns. */
export type RowOrigin =
  | { readonly kind: "window"; readonly start: number; readonly end: number }
  | {
      readonly kind: "event";
      readonly column: number;
      readonly by: "id" | "position";
      /** Null where the table doesn't show it. */
      readonly time: number | null;
    };

/** Every table has these columns, but for the time: they are part of its key. */
export function rowOrigin({ emit, relation }: Table, { eventId }: SourceSettings): RowOrigin {
  const find = (matches: (op: Relation["op"], index: number, name: string) => boolean) =>
    relation.columns.findIndex((_, place) => {
      const origin = originOf(relation, place);
      if (origin === null) return false;
      return matches(origin.relation.op, origin.index, origin.relation.columns[origin.index]!.name);
    });
  if (emit !== "append") {
    const bound = (place: number) => find((op, index) => op === "aggregate" && index === place);
    return { kind: "window", start: bound(0), end: bound(1) };
  }
  const ofEvent = (wanted: string | null) => find((op, _, name) => op === "source" && name === wanted);
  const at = relation.columns.findIndex(({ eventTime }) => eventTime);
  const time = at < 0 ? null : at;
  const id = ofEvent(eventId);
  return id >= 0
    ? { kind: "event", column: id, by: "id", time }
    : { kind: "event", column: ofEvent(POSITION_COLUMN), by: "position", time };
}
