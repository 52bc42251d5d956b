/**
 * Prints what the default cards and `risk_drift` are measured from: the mean points of each characteristic among the
 * submitted applications, and the shares of each histogram's bins. Over a week of generated applications without a
 * scenario, which are honest and ordinary:
 *
 *     node docs/scripts/baselines.ts [seed]
 */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse, stringify } from "yaml";
import type { RecordBatch } from "../../src/engine/batch.ts";
import { embeddedEngine } from "../../src/engine/embedded/engine.ts";
import { createGenerator } from "../../src/generator/generator.ts";
import { loadPipeline } from "../../src/pipeline/load.ts";
import { batchOf } from "../../src/pipeline/testing/records.ts";

const START_MS = Date.UTC(2026, 0, 5);
const WEEK_MS = 7 * 86_400_000;
const SEED = Number(process.argv[2] ?? 1);
const BATCH = 10_000;

/** With neither `when` nor `else` it is the bin for null. */
interface Bin {
  readonly when?: string;
  readonly else?: true;
  readonly points: number;
}

interface Card {
  readonly characteristics: readonly {
    readonly name: string;
    readonly value?: string;
    readonly bins: readonly Bin[];
  }[];
}

/** The points of a characteristic, as SQL. */
function pointsOf({ name, value = name, bins }: Card["characteristics"][number]): string {
  const cases = bins.map(({ when = `${value} IS NULL`, else: others, points }) =>
    others ? `ELSE ${points}` : `WHEN ${when} THEN ${points}`,
  );
  return `CASE ${cases.join(" ")} END`;
}

/** One row for everything there is: windows are the language's only groups without an end that is near. */
const ALL = "window(event_time, '10000 days')";

function meansModel(folder: string): string {
  const columns = readdirSync(join(folder, "scorecards")).flatMap((file) => {
    const card: Card = parse(readFileSync(join(folder, "scorecards", file), "utf8"));
    const own = file.replace(".yaml", "");
    return card.characteristics.map((each) => `avg(${pointsOf(each)}) AS ${own}__${each.name}`);
  });
  const select = ["window.start AS window_start", "window.end AS window_end", "count(*) AS applications"];
  return `SELECT ${[...select, ...columns].join(",\n")}
FROM applications WHERE event_type = 'submitted' GROUP BY ${ALL}`;
}

/** The default pipeline with its drift over everything, and the means, as its only tables. */
function measuring(folder: string) {
  cpSync(fileURLToPath(new URL("../../pipeline", import.meta.url)), folder, { recursive: true });
  const drift = join(folder, "models/risk/risk_drift.sql");
  writeFileSync(drift, readFileSync(drift, "utf8").replace("window(event_time, '24 hours', '1 hour')", ALL));
  writeFileSync(join(folder, "models/means.sql"), meansModel(folder));
  const settings = join(folder, "pipeline.yaml");
  const outputs = { measured: { topic: "measured", tables: { means: "final", risk_drift: "final" } } };
  writeFileSync(settings, stringify({ ...parse(readFileSync(settings, "utf8")), outputs }));
  rmSync(join(folder, "alerts.yaml"));
  return loadPipeline(folder);
}

async function* week(): AsyncGenerator<RecordBatch> {
  const options = { seed: SEED, startMs: START_MS, ratePerSecond: 3, duplicateShare: 0, scenarios: [] };
  let basePosition = 0;
  let records: { text: string; ingestTimeMs: null }[] = [];
  for (const { json, arrivalMs } of createGenerator(options)) {
    if (arrivalMs >= START_MS + WEEK_MS) break;
    if (!json.includes('"event_type":"submitted"')) continue;
    records.push({ text: json, ingestTimeMs: null });
    if (records.length < BATCH) continue;
    yield { ...batchOf(records), basePosition };
    basePosition += records.length;
    records = [];
  }
  if (records.length > 0) yield { ...batchOf(records), basePosition };
}

const folder = mkdtempSync(join(tmpdir(), "loanstream-baselines-"));
try {
  const pipeline = measuring(folder);
  const { tables } = await embeddedEngine.analyze(pipeline, week());
  const rowsOf = (name: string) => {
    const columns = pipeline.tables.find((table) => table.name === name)?.relation.columns ?? [];
    const rows = tables.find(({ table }) => table === name)?.rows ?? [];
    return rows.map((row) => new Map(columns.map((column, place) => [column.name, row[place]])));
  };
  for (const row of rowsOf("means"))
    for (const [name, value] of row)
      if (name.includes("__"))
        console.log(`${name.replace("__", "  ").padEnd(36)} ${Number(value).toFixed(3)}`);
      else if (name === "applications") console.log(`${value} applications, seed ${SEED}`);
  for (const row of rowsOf("risk_drift")) {
    const counts = row.get("histogram");
    if (!Array.isArray(counts)) continue;
    const total = counts.reduce((sum: number, count) => sum + Number(count), 0);
    const shares = counts.map((count) => Number((Number(count) / total).toFixed(4)));
    console.log(
      `${String(row.get("characteristic")).padEnd(22)} array(${shares.join(", ")}), psi ${row.get("psi")}`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
