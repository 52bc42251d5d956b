/** The files of an analysis. */
import { createWriteStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline as connect } from "node:stream/promises";
import { makeDirectories, whyUnwritable } from "../directories.ts";
import type { Analysis } from "../engine/engine.ts";
import { fail } from "../errors.ts";
import { alertReader, alertToJson, RAISED_COLUMNS, type RaisedAlert, raisedRow } from "../output/alert.ts";
import { type NamedType, rowWriter } from "../output/json.ts";
import { inKeyOrder } from "../output/order.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import type { Value } from "../sql/types.ts";

export type OutputFormat = "ndjson" | "parquet";

const LINES_A_WRITE = 1000;

/** The alerts of an analysis, one after the other as the pipeline names them, each in the order of its key. */
export function raisedAlerts({ alerts, currency }: Pipeline, analysis: Analysis): readonly RaisedAlert[] {
  return alerts.flatMap((alert) => {
    const rows = analysis.alerts.find(({ table }) => table === alert.rows.name)?.rows ?? [];
    return inKeyOrder(alert.rows, rows).map(alertReader(alert, currency));
  });
}

/**
 * Writes `<table>.ndjson` for every table in key order and `alerts.ndjson`, or both as `.parquet`; `ledger.json`, and
 * the places of late and dead records in `late.ndjson` and `dlq.ndjson` (with path and reason, never a value).
 * Throws `file.unwritable`.
 */
export async function writeAnalysis(
  directory: string,
  format: OutputFormat,
  pipeline: Pipeline,
  analysis: Analysis,
): Promise<void> {
  try {
    makeDirectories(directory);
    for (const table of pipeline.tables) {
      const rows = analysis.tables.find((found) => found.table === table.name)?.rows ?? [];
      await writeTable(join(directory, table.name), format, table.relation.columns, inKeyOrder(table, rows));
    }
    await writeAlerts(join(directory, "alerts"), format, raisedAlerts(pipeline, analysis));
    await writeLines(
      join(directory, "late.ndjson"),
      analysis.late.values().map((place) => JSON.stringify(place)),
    );
    await writeLines(
      join(directory, "dlq.ndjson"),
      analysis.dead.values().map((dead) => JSON.stringify(dead)),
    );
    await writeFile(join(directory, "ledger.json"), `${JSON.stringify(analysis.ledger, null, 2)}\n`);
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error && "code" in error)) throw error;
    const remedy = "Name a directory that can be written by --out.";
    throw fail("file.unwritable", `it can't be written: ${whyUnwritable(error)}`, remedy, {
      file: directory,
    });
  }
}

async function writeTable(
  path: string,
  format: OutputFormat,
  columns: readonly NamedType[],
  rows: readonly (readonly Value[])[],
): Promise<void> {
  if (format === "parquet") await parquetTable(`${path}.parquet`, columns, rows);
  else await writeLines(`${path}.ndjson`, rows.values().map(rowWriter(columns)));
}

async function writeAlerts(
  path: string,
  format: OutputFormat,
  alerts: readonly RaisedAlert[],
): Promise<void> {
  if (format === "parquet") await parquetTable(`${path}.parquet`, RAISED_COLUMNS, alerts.map(raisedRow));
  else await writeLines(`${path}.ndjson`, alerts.values().map(alertToJson));
}

/** The writer of Parquet is loaded by those who need it. */
async function parquetTable(
  path: string,
  columns: readonly NamedType[],
  rows: readonly (readonly Value[])[],
): Promise<void> {
  const { writeParquet } = await import("../output/parquet.ts");
  writeParquet(path, columns, rows);
}

async function writeLines(path: string, lines: Iterable<string>): Promise<void> {
  await connect(Readable.from(blocks(lines)), createWriteStream(path));
}

function* blocks(lines: Iterable<string>): Generator<string> {
  let block: string[] = [];
  for (const line of lines) {
    block.push(line, "\n");
    if (block.length < LINES_A_WRITE * 2) continue;
    yield block.join("");
    block = [];
  }
  if (block.length > 0) yield block.join("");
}
