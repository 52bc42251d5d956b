/** Rows of tables computed anew from the log, as if no event had come late. */
import type { Pipeline, Table } from "../../../pipeline/pipeline.ts";
import { POSITION_COLUMN } from "../../../pipeline/source.ts";
import { column } from "../../../sql/build.ts";
import type { Project } from "../../../sql/plan.ts";
import type { RebuiltEvent, RebuiltRows } from "../../../store/rebuilt-rows.ts";
import type { RecordBatch } from "../../batch.ts";
import type { TableRows } from "../../engine.ts";
import { closing } from "../engine.ts";
import { openSession } from "../open.ts";

/** Longer than all of time, so that no event is late and no id is forgotten. */
const NEVER_LATE_MS = 400_000_000_000_000;

export interface Recomputing {
  readonly pipeline: Pipeline;
  readonly tables: readonly Table[];
  /** Rows of row tables are of events from this time on. */
  readonly fromMs: number;
  readonly batches: AsyncIterable<RecordBatch>;
}

/** Every window of the batches' events leaves at their end, whether it has closed or not. */
export async function recompute(
  { pipeline, tables, fromMs, batches }: Recomputing,
  rows: RebuiltRows,
): Promise<void> {
  const session = openSession({
    ...pipeline,
    delayMs: NEVER_LATE_MS,
    tables: tables.map(closing),
    alerts: [],
  });
  const eventsOf = tables.some(({ emit }) => emit === "append") ? eventReader(pipeline, fromMs) : () => [];
  const gather = (output: readonly TableRows[]): void => {
    for (const { table, rows: its } of output) rows.add(table, its);
  };
  for await (const batch of batches) {
    gather(session.step(batch).rows);
    rows.addEvents(eventsOf(batch));
  }
  gather(session.finish());
}

/** The events of a batch that aren't dead, duplicates among them: every event that a stored row may be of. */
function eventReader(pipeline: Pipeline, fromMs: number): (batch: RecordBatch) => RebuiltEvent[] {
  const { source, events } = pipeline;
  const names = [POSITION_COLUMN, source.eventId, source.eventTime].filter((name) => name !== null);
  const places = names.map((name) => events.columns.findIndex((each) => each.name === name));
  const columns = places.map((place) => events.columns[place]!);
  const input: Project = {
    op: "project",
    input: events,
    expressions: places.map((place) => column(events.columns, place)),
    columns,
  };
  const table: Table = {
    name: "_events",
    output: "",
    topic: "",
    emit: "append",
    relation: { op: "model", name: "_events", input, columns },
    key: [],
  };
  const session = openSession({
    ...pipeline,
    source: { ...source, eventId: null },
    delayMs: NEVER_LATE_MS,
    tables: [table],
    alerts: [],
  });
  const id = names.indexOf(source.eventId ?? "");
  const time = names.indexOf(source.eventTime ?? "");
  return (batch) =>
    session
      .step(batch)
      .rows.flatMap(({ rows }) => rows)
      .filter((row) => time < 0 || Number(row[time]) >= fromMs)
      .map((row) => ({ position: Number(row[0]), id: id < 0 ? null : String(row[id]) }));
}
