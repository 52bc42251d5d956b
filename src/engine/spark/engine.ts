/** Spark as an engine: bounded runs as batch SQL over Spark Connect. */
import type { Pipeline, Table } from "../../pipeline/pipeline.ts";
import { POSITION_COLUMN } from "../../pipeline/source.ts";
import { batchSource, GATED } from "../../pipeline/spark-source.ts";
import type { Relation } from "../../sql/plan.ts";
import { modelsBelow, quoteName, renderRelation } from "../../sql/render/spark.ts";
import { aggregateBelow } from "../../sql/trace.ts";
import type { RecordBatch } from "../batch.ts";
import type { Analysis, DeadLetter, Engine, Ledger, RecordPlace, TableLedger, TableRows } from "../engine.ts";
import { rawRecords } from "./connect/local-data.ts";
import type { SparkSession } from "./connect/session.ts";

/**
 * An engine on a Spark session, whose views it replaces. The input has one partition. Dead letters have the place
 * alone: why a record is dead, Spark can't say.
 */
export function sparkEngine(session: SparkSession): Engine {
  return { name: "spark", analyze: (pipeline, input) => analyze(session, pipeline, input) };
}

async function analyze(
  session: SparkSession,
  pipeline: Pipeline,
  input: AsyncIterable<RecordBatch>,
): Promise<Analysis> {
  await session.createView("raw", rawRecords(input));
  for (const { name, sql } of batchSource(pipeline)) {
    await session.createView(name, sql);
    if (name === GATED) await session.sql(`CACHE TABLE ${GATED}`);
  }
  try {
    return await readAll(session, pipeline);
  } finally {
    await session.sql(`UNCACHE TABLE IF EXISTS ${GATED}`);
  }
}

async function readAll(session: SparkSession, pipeline: Pipeline): Promise<Analysis> {
  for (const { name, input } of orderedModels(pipeline))
    await session.createView(quoteName(name), asQuery(input));
  const tables: TableRows[] = [];
  const ledgers: [string, TableLedger][] = [];
  const source = await readSourceLedger(session);
  for (const table of pipeline.tables) {
    const { rows } = await session.sql(`SELECT * FROM ${quoteName(table.name)}`);
    tables.push({ table: table.name, rows });
    ledgers.push([table.name, await readTableLedger(session, table, source.accepted)]);
  }
  const late = await readPlaces(session, "late");
  const dead = (await readPlaces(session, "dead")).map(
    (place): DeadLetter => ({ ...place, path: "$", reason: "" }),
  );
  return { tables, late, dead, ledger: { source, tables: Object.fromEntries(ledgers) } };
}

/** Every model that a table reads, once, after those that it reads itself. */
function orderedModels({ tables }: Pipeline) {
  const all = tables.flatMap(({ relation }) => modelsBelow(relation));
  return all.filter((model, index) => all.findIndex(({ name }) => name === model.name) === index);
}

function asQuery(relation: Relation): string {
  const text = renderRelation(relation);
  return text.startsWith("SELECT") ? text : `SELECT * FROM ${text}`;
}

async function readSourceLedger(session: SparkSession): Promise<Ledger["source"]> {
  const { rows } = await session.sql(`SELECT _status, count(*) FROM ${GATED} GROUP BY _status`);
  const counts = new Map(rows.map(([status, count]) => [status, Number(count)]));
  const [accepted = 0, late = 0, duplicate = 0, dead = 0] = ["accepted", "late", "duplicate", "dead"].map(
    (status) => counts.get(status),
  );
  return { read: accepted + late + duplicate + dead, accepted, late, duplicate, dead };
}

/** How many events reach the table's aggregate, or the table itself. */
async function readTableLedger(
  session: SparkSession,
  { relation }: Table,
  accepted: number,
): Promise<TableLedger> {
  const below = aggregateBelow(relation)?.input ?? relation;
  const rowsBelow = renderRelation(below, { inline: true, carried: POSITION_COLUMN });
  const { rows } = await session.sql(
    `SELECT count(DISTINCT ${POSITION_COLUMN}) FROM ${rowsBelow.startsWith("SELECT") ? `(${rowsBelow})` : rowsBelow}`,
  );
  const used = Number(rows[0]?.[0] ?? 0);
  return { used, filtered: accepted - used };
}

async function readPlaces(session: SparkSession, status: string): Promise<readonly RecordPlace[]> {
  const { rows } = await session.sql(
    `SELECT partition, position FROM ${GATED} WHERE _status = '${status}' ORDER BY position`,
  );
  return rows.map(([partition, position]) => ({ partition: Number(partition), position: Number(position) }));
}
