/** A loaded and checked pipeline folder: everything an engine needs, and nothing of any engine. */
import type { EventSchema } from "../contract/schema.ts";
import type { Scorecard } from "../scorecard/scorecard.ts";
import type { Alias, Source } from "../sql/plan.ts";
import type { ModelDescription } from "./describe-models.ts";

/**
 * append: a row an event; update: changed groups at each trigger; final: each group once, when its window closes;
 * once: each group once, at the first trigger that finds a row of it.
 */
export type Emit = "append" | "update" | "final" | "once";

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

export const SEVERITIES = ["info", "warning", "critical"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** A condition over a table. */
export interface Alert {
  readonly name: string;
  readonly severity: Severity;
  /** The table that it watches. */
  readonly table: string;
  /**
   * Its rows as one more table of the plan: the id, the watched table's key, what else the message shows. Their name
   * begins with `_`, as no model's does.
   */
  readonly rows: Table;
  /** Place of the event's time, or of the window's end, among the columns of `rows`; null where there is none. */
  readonly time: number | null;
  readonly message: readonly MessagePart[];
}

/** A text, or the value of a column of an alert's rows. */
export type MessagePart = string | { readonly column: number; readonly format: ValueFormat | null };

export const VALUE_FORMATS = ["money", "percent"] as const;
/** money: of minor units; percent: of a fraction. */
export type ValueFormat = (typeof VALUE_FORMATS)[number];

/** An event whose time is further than this after its own ingest time is dead. */
export const FAR_FUTURE_MS = 3_600_000;
/** Why it is. */
export const FAR_FUTURE_REASON = "is more than an hour after the event was taken in";

export interface SourceSettings {
  /** Path of the leaf that holds the event's time; null for a plain data set. */
  readonly eventTime: string | null;
  readonly eventId: string | null;
  /** Path of the required text that names what the events are of, such as an application; null where nothing does. */
  readonly key: string | null;
  /** The topic of the events as they come. */
  readonly topic: string;
  readonly format: "json" | "csv";
}

/** What the embedded log keeps of what the tables no longer need. */
export interface LogSettings {
  /** After a record came. */
  readonly retentionMs: number;
  /** Of the whole log; null for no bound. */
  readonly maxBytes: number | null;
}

/** How topics are made on Kafka; the embedded log has neither partitions nor replicas. */
export interface TopicSettings {
  /** Of every topic. */
  readonly replication: number;
  readonly input: KeptTopic;
  /** Compacted by key within that time, too. */
  readonly outputs: KeptTopic;
  readonly alerts: KeptTopic;
  readonly late: KeptTopic;
  readonly dlq: KeptTopic;
}

export interface KeptTopic {
  readonly partitions: number;
  readonly retentionMs: number;
}

export interface Pipeline {
  readonly directory: string;
  readonly source: SourceSettings;
  readonly delayMs: number;
  readonly triggerMs: number;
  readonly log: LogSettings;
  readonly topics: TopicSettings;
  readonly currency: string;
  /** For display only. */
  readonly timeZone: string;
  readonly schema: EventSchema;
  /** The root of every relation. */
  readonly events: Source;
  /** Every model by name, intermediate ones included. */
  readonly models: ReadonlyMap<string, Alias>;
  readonly tables: readonly Table[];
  readonly alerts: readonly Alert[];
  /** Those whose columns are in the relation `scored`. */
  readonly scorecards: readonly Scorecard[];
  /** By model; of those that are described. */
  readonly descriptions: ReadonlyMap<string, ModelDescription>;
}

/** What an engine computes: the tables in their order, then the rows of the alerts. */
export function computedTables({ tables, alerts }: Pick<Pipeline, "tables" | "alerts">): readonly Table[] {
  return [...tables, ...alerts.map(({ rows }) => rows)];
}
