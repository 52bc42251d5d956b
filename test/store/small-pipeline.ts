/** A pipeline of one row table and one window table, as a loader would give it, for tests of what is behind it. */
import type { Emit, Pipeline, Table } from "../../src/pipeline/pipeline.ts";
import type { Column, Source } from "../../src/sql/plan.ts";
import { arrayOf, BIGINT, BOOLEAN, DOUBLE, type SqlType, STRING, TIMESTAMP } from "../../src/sql/types.ts";
import { TOPICS } from "../pipeline/topic-settings.ts";

function column(name: string, type: SqlType, nullable = true): Column {
  return { name, type, nullable, range: null, lineage: { pii: [], protected: [] }, eventTime: false };
}

const source: Source = { op: "source", columns: [] };

function table(name: string, emit: Emit, key: readonly string[], columns: readonly Column[]): Table {
  const relation = { op: "model", name, input: source, columns } as const;
  return { name, output: name, topic: `loan.output.${name}`, emit, relation, key };
}

export const scores = table(
  "scores",
  "append",
  ["event_id"],
  [
    column("event_id", STRING, false),
    column("amount_cents", BIGINT),
    column("score", DOUBLE),
    column("manual", BOOLEAN),
    column("reasons", arrayOf(STRING)),
    column("event_time", TIMESTAMP),
  ],
);

export const windows = table(
  "windows",
  "update",
  ["window_start", "product"],
  [column("window_start", TIMESTAMP, false), column("product", STRING), column("count", BIGINT, false)],
);

export const smallPipeline: Pipeline = {
  directory: "pipeline",
  source: {
    eventTime: "event_time",
    eventId: "event_id",
    key: null,
    topic: "loan.applications",
    format: "json",
  },
  delayMs: 60_000,
  triggerMs: 1000,
  log: { retentionMs: 7 * 86_400_000, maxBytes: null },
  topics: TOPICS,
  currency: "USD",
  timeZone: "UTC",
  schema: { file: "schema.yaml", fields: [], leaves: [], requirements: [] },
  events: source,
  models: new Map(),
  tables: [scores, windows],
  alerts: [],
  scorecards: [],
  descriptions: new Map(),
};

/** With an alert over `scores`, whose rows are an id and an event's id. */
export const pipelineWithAlert: Pipeline = {
  ...smallPipeline,
  alerts: [
    {
      name: "large",
      severity: "warning",
      table: "scores",
      rows: table(
        "_large",
        "append",
        ["event_id"],
        [column("alert_id", STRING, false), column("event_id", STRING, false)],
      ),
      time: null,
      message: [{ column: 1, format: null }, " is large"],
    },
  ],
};
