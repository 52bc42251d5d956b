/** The root of every relation: one column a leaf of the schema, then where the record stood in the log. */
import { isAlwaysPresent, rangeOf } from "../contract/guarantees.ts";
import type { EventSchema, Leaf } from "../contract/schema.ts";
import type { Column, Source } from "../sql/plan.ts";
import { BIGINT, SAFE } from "../sql/types.ts";

/** The relation of the records as they came, where Spark reads them. */
export const RAW = "raw";
export const PARTITION_COLUMN = "_partition";
export const POSITION_COLUMN = "_position";
/** Orders the rows of a stored table as they came; no column of a model. */
export const SEQUENCE_COLUMN = "_seq";
const MOST_PARTITIONS = 2 ** 31;

export function sourceOf(schema: EventSchema, eventTime: string | null): Source {
  const leaves = schema.leaves.map((leaf) => leafColumn(leaf, schema, eventTime));
  return {
    op: "source",
    columns: [
      ...leaves,
      placeColumn(PARTITION_COLUMN, MOST_PARTITIONS),
      placeColumn(POSITION_COLUMN, SAFE.high),
    ],
  };
}

function leafColumn(leaf: Leaf, schema: EventSchema, eventTime: string | null): Column {
  return {
    name: leaf.path,
    type: leaf.type,
    range: rangeOf(leaf),
    nullable: !isAlwaysPresent(schema, leaf.path),
    lineage: { pii: leaf.pii === null ? [] : [leaf.path], protected: leaf.protected ? [leaf.path] : [] },
    eventTime: leaf.path === eventTime,
  };
}

function placeColumn(name: string, high: number): Column {
  const lineage = { pii: [], protected: [] };
  return { name, type: BIGINT, range: { low: 0, high }, nullable: false, lineage, eventTime: false };
}
