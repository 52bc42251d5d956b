/** Writes docs/tables.md: the default pipeline's tables, each with a row of a small generated run. */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { RecordBatch } from "../../src/engine/batch.ts";
import { embeddedEngine } from "../../src/engine/embedded/engine.ts";
import { createGenerator } from "../../src/generator/generator.ts";
import { rowWriter } from "../../src/output/json.ts";
import { inKeyOrder } from "../../src/output/order.ts";
import { tablesPage } from "../../src/pipeline/describe-tables.ts";
import { loadPipeline } from "../../src/pipeline/load.ts";
import type { Pipeline } from "../../src/pipeline/pipeline.ts";
import { batchOf } from "../../src/pipeline/testing/records.ts";
import type { Value } from "../../src/sql/types.ts";

export const PAGE = new URL("../tables.md", import.meta.url);

/** A day of event time. */
const RUN = { seed: 1, startMs: Date.UTC(2026, 0, 5), ratePerSecond: 0.25 };
const EVENTS = 22_000;

const HEAD = `# Tables

What the default pipeline puts out. Made by \`make docs\` from the models, their descriptions and a run over made-up
applications; the examples of a table are one row's. A null is left out of what is sent.

`;

/** The page's text. */
export async function tablesText(): Promise<string> {
  const pipeline = loadPipeline(fileURLToPath(new URL("../../pipeline", import.meta.url)));
  return HEAD + tablesPage(pipeline, await exampleRows(pipeline));
}

/** Of each table the row with the fewest nulls and empty lists, of these the longest, the first in key order. */
async function exampleRows(pipeline: Pipeline): Promise<ReadonlyMap<string, readonly Value[]>> {
  const { tables } = await embeddedEngine.analyze(pipeline, generated());
  const examples = new Map<string, readonly Value[]>();
  for (const table of pipeline.tables) {
    const write = rowWriter(table.relation.columns);
    const rows = tables.find(({ table: name }) => name === table.name)?.rows ?? [];
    const ranked = inKeyOrder(table, rows)
      .map((row) => ({ row, known: row.filter(isKnown).length, length: write(row).length }))
      .sort((a, b) => b.known - a.known || b.length - a.length);
    if (ranked[0]) examples.set(table.name, ranked[0].row);
  }
  return examples;
}

const isKnown = (value: Value) => value !== null && !(Array.isArray(value) && value.length === 0);

async function* generated(): AsyncGenerator<RecordBatch> {
  const records = createGenerator(RUN)
    .take(EVENTS)
    .map(({ json }) => ({ text: json, ingestTimeMs: null }));
  yield batchOf([...records]);
}

if (import.meta.main) writeFileSync(PAGE, await tablesText());
