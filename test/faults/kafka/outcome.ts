/** What a run has put out, as Kafka's own client reads it, and whether each of it left as it may. */
import assert from "node:assert/strict";
import type { Ledger } from "../../../src/engine/engine.ts";
import { ALERTS } from "../../../src/pipeline/alerts.ts";
import type { Table } from "../../../src/pipeline/pipeline.ts";
import { ownTopics } from "../../../src/pipeline/topic-names.ts";
import { openStoreReader } from "../../../src/store/sqlite-reader.ts";
import type { TruthRecord } from "../../kafka/truth.ts";
import { deadText, lastingAlert, type Outcome } from "./expected.ts";
import type { Scene } from "./scene.ts";

/** Of tables that put a group out again: the counts whose sum grows whenever an event joins it. */
const GROWING: Readonly<Record<string, readonly string[]>> = {
  risk_windows: ["applications"],
  fraud_velocity_10m: ["applications"],
  fraud_velocity_6h: ["applications"],
  fraud_velocity_24h: ["applications"],
  application_stats: ["events"],
  segment_windows: ["applications"],
  channel_windows: ["started", "submitted", "decided", "funded", "abandoned"],
  channel_cohorts: ["started", "submitted", "decided", "funded", "abandoned"],
};
/** One of its rows may leave again for the sake of another of the same group. */
const NOT_SHRINKING: Readonly<Record<string, readonly string[]>> = { product_preferences: ["applications"] };

/** Throws where a row of a row table, an alert or a final row is there twice, or a window went back. */
export async function committedOutcome(scene: Scene, dataDirectory: string): Promise<Outcome> {
  const { pipeline, truth } = scene;
  const { late, dlq, alerts } = ownTopics(pipeline.source);
  const read = (topic: string) => truth.records(topic, "read_committed");
  const tables = new Map<string, readonly string[]>(pipeline.tables.map(({ name }) => [name, []]));
  const faults: string[] = [];
  for (const topic of new Set(pipeline.tables.map((table) => table.topic)))
    for (const [name, records] of Map.groupBy(await read(topic), outputOf)) {
      const table = pipeline.tables.find((one) => one.name === name && one.topic === topic);
      if (table === undefined) faults.push(`${topic} holds a row of "${name}"`);
      else tables.set(name, rowsOf(table, records, faults));
    }
  const raised = await read(alerts);
  faults.push(...repeated(raised), ...raised.filter((one) => outputOf(one) !== ALERTS).map(placeOf));
  const found = {
    tables,
    alerts: raised.map(({ value }) => lastingAlert(value ?? "")).sort(),
    late: (await read(late)).map(({ value }) => value ?? "").sort(),
    dead: (await read(dlq)).map(({ value, headers }) => deadText(value, headers)).sort(),
    ledger: ledgerOf(scene, dataDirectory),
  };
  assert.deepEqual(faults, []);
  return found;
}

function rowsOf(table: Table, records: readonly TruthRecord[], faults: string[]): readonly string[] {
  if (table.emit === "append" || table.emit === "final") {
    faults.push(...repeated(records));
    return records.map(({ key, value }) => `${key} ${value}`).sort();
  }
  const versions = Map.groupBy(records, ({ key }) => key ?? "");
  for (const each of versions.values()) faults.push(...wentBack(table.name, each));
  return [...versions].map(([key, each]) => `${key} ${each.at(-1)?.value}`).sort();
}

const outputOf = ({ headers }: TruthRecord): string => new Map(headers).get("output") ?? "";

const placeOf = ({ partition, offset, key }: TruthRecord): string => `${key} at ${partition}:${offset}`;

function repeated(records: readonly TruthRecord[]): readonly string[] {
  const groups = [...Map.groupBy(records, ({ key }) => key).values()];
  return groups.filter(({ length }) => length > 1).map((same) => `twice: ${same.map(placeOf).join(", ")}`);
}

/** All versions of one row, in the order of their partition. */
function wentBack(table: string, versions: readonly TruthRecord[]): readonly string[] {
  const columns = GROWING[table] ?? NOT_SHRINKING[table] ?? assert.fail(`nothing is known of ${table}`);
  const least = table in GROWING ? 1 : 0;
  const counts = versions.map(({ value }) => {
    const row = new Map<string, unknown>(Object.entries(JSON.parse(value ?? "{}")));
    return columns.reduce((sum, column) => sum + Number(row.get(column)), 0);
  });
  const partitions = new Set(versions.map(({ partition }) => partition));
  return versions
    .filter((_, at) => at > 0 && !(counts[at]! - counts[at - 1]! >= least))
    .map((version) => `went back: ${placeOf(version)}`)
    .concat(partitions.size > 1 ? [`in several partitions: ${versions[0]?.key}`] : []);
}

function ledgerOf({ pipeline }: Scene, dataDirectory: string): Ledger {
  const reader = openStoreReader(dataDirectory, pipeline);
  try {
    return reader.progress().ledger ?? assert.fail("no ledger");
  } finally {
    reader.close();
  }
}
