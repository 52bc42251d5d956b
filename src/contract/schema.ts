/** A pipeline's event, as read from its JSON Schema: the one source of DDL, checks, scanner and types. */
import type { SqlType } from "../sql/types.ts";

export type PiiTreatment = "mask" | "token" | "drop";

interface Described {
  readonly name: string;
  /** Dotted path from the event's root, such as `loan.amount_cents`. */
  readonly path: string;
  readonly description: string;
}

/** A leaf of the event. Absent and null mean the same; `required` fields are never null. */
export interface Leaf extends Described {
  readonly kind: "leaf";
  /**
   * bigint, double, string, boolean, timestamp, or an array of strings. Dates and UUIDs are strings. Of an array,
   * `values` and `maxLength` are those of its elements.
   */
  readonly type: SqlType;
  /** Place among the schema's leaves, and so of the column in a batch. */
  readonly column: number;
  readonly format: "uuid" | "date" | "date-time" | "epoch-millis" | null;
  readonly values: readonly string[] | null;
  readonly minimum: number | null;
  readonly maximum: number | null;
  /** In Unicode code points. */
  readonly maxLength: number | null;
  readonly pii: PiiTreatment | null;
  readonly protected: boolean;
}

export interface ObjectField extends Described {
  readonly kind: "object";
  readonly fields: readonly Field[];
}

export type Field = Leaf | ObjectField;

/**
 * Paths (of leaves or objects) that must be present when the discriminator has one of the values. As in JSON
 * Schema, what lies in an object must be there only where the object itself is.
 */
export interface Requirement {
  /** Null: always. */
  readonly when: { readonly path: string; readonly values: readonly string[] } | null;
  readonly paths: readonly string[];
}

export interface EventSchema {
  readonly file: string;
  readonly fields: readonly Field[];
  /** Every leaf in declared order; `leaves[i].column === i`. */
  readonly leaves: readonly Leaf[];
  readonly requirements: readonly Requirement[];
}
