/** A loaded and checked pipeline folder: everything an engine needs, and nothing of any engine. */
import type { EventSchema } from "../contract/schema.ts";
import type { Scorecard } from "../scorecard/scorecard.ts";
import type { Alias, Source } from "../sql/plan.ts";

/** append: a row an event; update: changed groups at each trigger; final: each group once, when it closes. */
export type Emit = "append" | "update" | "final";

export interface Table {
  readonly name: string;
  /** The output (analysis) it belongs to. */
  readonly output: string;
  readonly topic: string;
  readonly emit: Emit;
  /** The model; `relation.columns` are the table's columns. */
  readonly relation: Alias;
  /** Names of the columns that identify a row, in declared order. Empty: the record's position does. */
  readonly key: readonly string[];
}

export interface SourceSettings {
  /** Path of the leaf that holds the event's time; null for a plain data set. */
  readonly eventTime: string | null;
  readonly eventId: string | null;
  readonly format: "json" | "csv";
}

export interface Pipeline {
  readonly directory: string;
  readonly source: SourceSettings;
  readonly delayMs: number;
  readonly triggerMs: number;
  readonly currency: string;
  /** For display only. */
  readonly timeZone: string;
  readonly schema: EventSchema;
  /** The root of every relation. */
  readonly events: Source;
  /** Every model by name, intermediate ones included. */
  readonly models: ReadonlyMap<string, Alias>;
  readonly tables: readonly Table[];
  /** Those whose columns are in the relation `scored`. */
  readonly scorecards: readonly Scorecard[];
}
