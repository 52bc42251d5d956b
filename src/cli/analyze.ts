/** `loanstream analyze`: a bounded input through the embedded engine. */

import { statSync } from "node:fs";
import { usageError } from "../config/flags.ts";
import { settingLines } from "../config/help.ts";
import { readSettings } from "../config/settings.ts";
import type { RecordBatch } from "../engine/batch.ts";
import { embeddedEngine } from "../engine/embedded/engine.ts";
import type { Analysis, DeadLetter } from "../engine/engine.ts";
import { readRecords } from "../eventlog/files/read.ts";
import { inKeyOrder } from "../output/order.ts";
import { dateAndTime } from "../output/time-text.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import type { Command } from "./command.ts";
import { ledgerText } from "./ledger-text.ts";
import { pipelineFrom } from "./pipeline-option.ts";
import { createReadingProgress } from "./reading-progress.ts";
import { printable, tableText, terminalWidth } from "./table-text.ts";
import { type OutputFormat, raisedAlerts, writeAnalysis } from "./write-analysis.ts";

const FIRST_ROWS = 5;
const MOST_REASONS = 5;

export const analyze: Command = {
  name: "analyze",
  summary: "Run the pipeline over files and write its tables",
  usage: `
Usage: loanstream analyze FILE… [--out DIR [--format ndjson|parquet]] [--json] [SETTING…]

FILE is Parquet, NDJSON, or CSV with a header. Parquet, gzip and zstd are known by their first bytes, NDJSON and CSV
by the name or else the pipeline's source; - is standard input. Several files are read one after the other, so in
order of arrival. At their end every window closes. A record that doesn't fit the schema is dead: it is counted, and
no failure. On a terminal, standard error tells how far the reading has come.

  --out DIR   write one <table>.ndjson a table in key order, alerts.ndjson, ledger.json, late.ndjson and dlq.ndjson;
              without it, the first rows of each table are printed
  --format F  of the tables and the alerts in DIR: ndjson (default) or parquet
  --json      print the tables' sizes, how many alerts were raised and the ledger as one JSON object

${settingLines("analyze")}
`,
  async run(args) {
    const {
      settings,
      flags: values,
      positionals,
    } = readSettings("analyze", args, {
      allowPositionals: true,
      options: {
        out: { type: "string" },
        format: { type: "string" },
        json: { type: "boolean" },
      },
    });
    if (positionals.length === 0) throw usageError("analyze", "no file is named");
    const format = outputFormat(values.format, values.out);
    const pipeline = pipelineFrom(settings.pipeline);
    const analysis = await embeddedEngine.analyze(pipeline, recordsOf(positionals, pipeline));
    if (values.out !== undefined) await writeAnalysis(values.out, format, pipeline, analysis);
    process.stdout.write(values.json ? asJson(pipeline, analysis) : asText(pipeline, analysis, values.out));
    return 0;
  },
};

function outputFormat(format: string | undefined, out: string | undefined): OutputFormat {
  if (format === undefined) return "ndjson";
  if (out === undefined) throw usageError("analyze", "--format says how --out is written, which is missing");
  if (format === "ndjson" || format === "parquet") return format;
  throw usageError("analyze", `--format is ndjson or parquet, not "${format}"`);
}

function recordsOf(paths: readonly string[], { source, schema }: Pipeline): AsyncIterable<RecordBatch> {
  const screen = process.stderr.isTTY ? process.stderr : null;
  const progress = createReadingProgress({ totalBytes: sizeOf(paths), screen, nowMs: Date.now });
  return progress.along(
    readRecords(paths, {
      format: source.format,
      leaves: schema.leaves,
      stdin: process.stdin,
      onBytes: progress.addBytes,
    }),
  );
}

/** Bytes of all of them; null where one is no plain file, or can't be looked at: reading it says why. */
function sizeOf(paths: readonly string[]): number | null {
  try {
    const files = paths.map((path) => statSync(path));
    return files.every((file) => file.isFile()) ? files.reduce((total, { size }) => total + size, 0) : null;
  } catch {
    return null;
  }
}

function asJson(pipeline: Pipeline, { tables, alerts, ledger }: Analysis): string {
  const sizes = Object.fromEntries(tables.map(({ table, rows }) => [table, rows.length]));
  const raised = pipeline.alerts.map(({ name, rows }) => [
    name,
    alerts.find(({ table }) => table === rows.name)?.rows.length ?? 0,
  ]);
  return `${JSON.stringify({ rows: sizes, alerts: Object.fromEntries(raised), ledger })}\n`;
}

function asText(pipeline: Pipeline, analysis: Analysis, out: string | undefined): string {
  const ledger = [...ledgerText(analysis.ledger), ...whyDead(analysis.dead)];
  const lines =
    out === undefined
      ? [...firstRows(pipeline, analysis), ...firstAlerts(pipeline, analysis), ""]
      : [...sizes(analysis), alertCount(raisedAlerts(pipeline, analysis).length), `Written to ${out}.`, ""];
  return `${[...lines, ...ledger].join("\n")}\n`;
}

/** What most dead records have in common. */
function whyDead(dead: readonly DeadLetter[]): string[] {
  const counts = new Map<string, number>();
  for (const { path, reason } of dead) {
    const why = printable(`${path} ${reason}`);
    counts.set(why, (counts.get(why) ?? 0) + 1);
  }
  const most = [...counts].sort(([, a], [, b]) => b - a).slice(0, MOST_REASONS);
  const lines = most.map(([why, count]) => `  ${count.toLocaleString("en-US")} dead: ${why}`);
  const others = counts.size - most.length;
  return others > 0 ? [...lines, `  and of ${others} other kinds, in dlq.ndjson with --out`] : lines;
}

function firstAlerts(pipeline: Pipeline, analysis: Analysis): string[] {
  const time = dateAndTime(pipeline.timeZone);
  const alerts = raisedAlerts(pipeline, analysis);
  const lines = alerts.slice(0, FIRST_ROWS).map(({ alert, severity, eventTimeMs, message }) => {
    const at = eventTimeMs === null ? "" : time(eventTimeMs);
    return printable([at, severity, alert, message].join("  "));
  });
  return [alertCount(alerts.length), ...lines];
}

function alertCount(alerts: number): string {
  return `${alerts.toLocaleString("en-US")} ${alerts === 1 ? "alert" : "alerts"}`;
}

function sizes({ tables }: Analysis): string[] {
  const width = Math.max(0, ...tables.map(({ table }) => table.length));
  return tables.map(({ table, rows }) => `${table.padEnd(width)}  ${rowCount(rows.length)}`);
}

function firstRows(pipeline: Pipeline, analysis: Analysis): string[] {
  const text = { width: terminalWidth(), time: dateAndTime(pipeline.timeZone) };
  return pipeline.tables.flatMap((table) => {
    const rows = analysis.tables.find((found) => found.table === table.name)?.rows ?? [];
    const first = inKeyOrder(table, rows).slice(0, FIRST_ROWS);
    const title = `${table.name}: ${rowCount(rows.length)}`;
    return first.length === 0 ? [title, ""] : [title, ...tableText(table.relation.columns, first, text), ""];
  });
}

function rowCount(rows: number): string {
  return `${rows.toLocaleString("en-US")} ${rows === 1 ? "row" : "rows"}`;
}
