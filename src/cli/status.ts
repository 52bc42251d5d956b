/** `loanstream status`: what goes on in a data directory. */

import { settingLines } from "../config/help.ts";
import { readSettings } from "../config/settings.ts";
import { total } from "../eventlog/positions.ts";
import { type BackfillStatus, backfillText, goOnCommand } from "../inspect/backfills.ts";
import { type DirectoryStatus, type LogStatus, statusOf } from "../inspect/status.ts";
import { count, counted, duration, size } from "../output/quantities.ts";
import { readPipelineFiles } from "../pipeline/files.ts";
import { compilePipeline } from "../pipeline/load.ts";
import { type LogSettings, SEVERITIES } from "../pipeline/pipeline.ts";
import type { Command } from "./command.ts";
import { pipelineDirectory } from "./pipeline-option.ts";

export const status: Command = {
  name: "status",
  summary: "Show what goes on in a data directory: log, tables, lag, alerts",
  usage: `
Usage: loanstream status [--json] [SETTING…]

Reads the data directory, whether a process runs on it or not, and changes nothing. Exits with 1 where nothing is kept.

  --json  print one JSON object

${settingLines("status")}
`,
  async run(args) {
    const { settings, flags } = readSettings("status", args, { options: { json: { type: "boolean" } } });
    const nowMs = Date.now();
    const found = await statusOf(settings.dataDir);
    if (found === null) {
      process.stderr.write(`Nothing is kept in ${settings.dataDir}; "loanstream run" begins.\n`);
      return 1;
    }
    const retention = retentionOf(pipelineDirectory(settings.pipeline));
    process.stdout.write(
      flags.json ? `${JSON.stringify(asJson(found, retention, nowMs))}\n` : asText(found, retention, nowMs),
    );
    return 0;
  },
};

/** Null where the pipeline has a mistake, which is not what is asked here. */
function retentionOf(directory: string): LogSettings | null {
  return compilePipeline(readPipelineFiles(directory)).pipeline?.log ?? null;
}

function asJson(found: DirectoryStatus, retention: LogSettings | null, nowMs: number): object {
  const { directory, process, log, position, lag, watermarkMs, snapshot, ledger } = found;
  return {
    ...{ directory, process },
    log: {
      ...{ start: log.start, end: log.end, bytes: log.bytes, oldest: isoTime(log.oldestMs) },
      ...{ retentionMs: retention?.retentionMs ?? null, maxBytes: retention?.maxBytes ?? null },
    },
    recordsPerSecond: found.recordsPerSecond,
    ...{ position, lag },
    watermark: isoTime(watermarkMs),
    watermarkAgeMs: watermarkMs === null ? null : nowMs - watermarkMs,
    snapshot: snapshot && {
      ...{ position: total(snapshot.positions), bytes: snapshot.bytes, takenAt: isoTime(snapshot.takenAtMs) },
      ageMs: nowMs - snapshot.takenAtMs,
    },
    ledger,
    tables: found.tables,
    backfills: found.backfills,
    retried: found.retried,
    alerts: alertCounts(found),
  };
}

const isoTime = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());

function alertCounts({ alerts }: DirectoryStatus): Record<string, number> {
  return Object.fromEntries(SEVERITIES.map((severity) => [severity, alerts.get(severity) ?? 0]));
}

function asText(found: DirectoryStatus, retention: LogSettings | null, nowMs: number): string {
  const ago = (ms: number | null) => (ms === null ? "never" : `${duration(nowMs - ms)} ago`);
  const { log, position, lag, watermarkMs, snapshot, ledger, retried } = found;
  const lines = [
    ["process", processText(found)],
    ["log", logText(log, retention, nowMs)],
    ...(found.recordsPerSecond === null
      ? []
      : [["rate", `${Number(found.recordsPerSecond.toFixed(1))} records/s over the last seconds`]]),
    ["lag", `${counted(lag, "record")}, committed up to position ${count(position)}`],
    ["watermark", watermarkMs === null ? "none yet" : `${isoTime(watermarkMs)}, ${ago(watermarkMs)}`],
    [
      "snapshot",
      snapshot === null
        ? "none yet"
        : `at position ${count(total(snapshot.positions))}, ${size(snapshot.bytes)}, ${ago(snapshot.takenAtMs)}`,
    ],
    ["read", ledger === null ? "nothing yet" : ledgerLine(ledger, retried)],
    ["alerts", severities(found)],
    ...found.backfills.filter(({ state }) => state !== "done").map((its) => ["backfill", backfillLine(its)]),
  ];
  return `${[found.directory, ...lines.map(([name = "", text]) => `  ${name.padEnd(9)}  ${text}`), "", ...tableLines(found)].join("\n")}\n`;
}

function processText({ process }: DirectoryStatus): string {
  if (process === null) return "none runs here";
  if (process.pid === null) return "one runs here, without a server so far";
  return `${process.pid} at ${process.url}, since ${process.startedAt}`;
}

function logText({ start, end, bytes, oldestMs }: LogStatus, retention: LogSettings | null, nowMs: number) {
  const oldest =
    oldestMs === null ? [] : [`the oldest record bears a time ${duration(nowMs - oldestMs)} ago`];
  const kept = retention === null ? [] : [`kept ${duration(retention.retentionMs)}`];
  const most = retention?.maxBytes == null ? [] : [`at most ${size(retention.maxBytes)}`];
  return [`positions ${count(start)} to ${count(end)}`, size(bytes), ...oldest, ...kept, ...most].join(", ");
}

function backfillLine(its: BackfillStatus): string {
  const text = backfillText(its);
  return its.state === "interrupted" ? `${text}; "${goOnCommand(its)}" goes on` : text;
}

function ledgerLine(ledger: NonNullable<DirectoryStatus["ledger"]>, retried: number): string {
  const { read, accepted, late, duplicate, dead } = ledger;
  const parts = Object.entries({ accepted, late, duplicate, dead }).map(([what, n]) => `${count(n)} ${what}`);
  return `${count(read)} = ${parts.join(" + ")}; ${count(retried)} retried`;
}

function severities(found: DirectoryStatus): string {
  return Object.entries(alertCounts(found))
    .map(([severity, n]) => `${count(n)} ${severity}`)
    .join(", ");
}

function tableLines({ tables }: DirectoryStatus): string[] {
  const width = Math.max(0, ...tables.map(({ name }) => name.length));
  const digits = Math.max(0, ...tables.map(({ rows }) => count(rows).length));
  return tables.map(({ name, rows, used, filtered, begunPosition }) => {
    const since = begunPosition ? `; it counts from position ${count(begunPosition)} on` : "";
    const taken =
      used === null || filtered === null ? "" : `  ${count(used)} used + ${count(filtered)} filtered${since}`;
    return `  ${name.padEnd(width)}  ${count(rows).padStart(digits)} ${rows === 1 ? "row " : "rows"}${taken}`;
  });
}
