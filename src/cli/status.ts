/** `loanstream status`: what goes on in a data directory. */
import { settingLines } from "../config/help.ts";
import { kafkaIfAsked } from "../config/kafka.ts";
import { readSettings } from "../config/settings.ts";
import { formatDiagnostic, LoanstreamError } from "../errors.ts";
import type { KafkaSource } from "../eventlog/open-reader.ts";
import { type BackfillStatus, backfillsOf, backfillText, goOnCommand } from "../inspect/backfills.ts";
import { type LogOverview, lagOf, logOverview, type PartitionOverview } from "../inspect/log-overview.ts";
import { type DirectoryStatus, statusOf } from "../inspect/status.ts";
import { count, counted, duration, positionsText, size } from "../output/quantities.ts";
import { readPipelineFiles } from "../pipeline/files.ts";
import { compilePipeline } from "../pipeline/load.ts";
import { type LogSettings, SEVERITIES } from "../pipeline/pipeline.ts";
import type { Command } from "./command.ts";
import { pipelineDirectory, pipelineFrom } from "./pipeline-option.ts";

export const status: Command = {
  name: "status",
  summary: "Show what goes on in a data directory: log, tables, lag, alerts",
  usage: `
Usage: loanstream status [--engine spark] [--json] [SETTING…]

Reads the data directory, whether a process runs on it or not, and changes nothing. Exits with 1 where nothing is kept.
With --broker kafka it asks the cluster how far the topic goes; what the tables hold is told without it too.

With --engine spark it asks Spark for the queries that "run --engine spark" started from the data directory: rate, time of
a batch and its parts, watermark, rows of state, what was late, lag, the ledger. Exits with 1 where one of them has died,
or isn't there though it was never stopped.

  --json  print one JSON object

${settingLines("status")}
`,
  async run(args) {
    const { settings, flags } = readSettings("status", args, { options: { json: { type: "boolean" } } });
    if (settings.engine === "spark")
      return (await import("./status-spark.ts")).statusOnSpark(settings.dataDir, flags.json ?? false);
    const found = await statusOf(settings.dataDir);
    if (found === null) {
      process.stderr.write(`Nothing is kept in ${settings.dataDir}; "loanstream run" begins.\n`);
      return 1;
    }
    const { pipeline } = compilePipeline(readPipelineFiles(pipelineDirectory(settings.pipeline)));
    const kafka = kafkaIfAsked(settings);
    const topic = () => pipelineFrom(settings.pipeline).source.topic;
    const seen: Seen = {
      found,
      retention: pipeline?.log ?? null,
      broker: kafka && {
        bootstrap: kafka.bootstrap,
        topic: pipeline?.source.topic ?? null,
        application: settings.kafkaApplicationId,
      },
      log: await lookAtLog(found, () => kafka && { settings: kafka, topic: topic() }),
      nowMs: Date.now(),
    };
    process.stdout.write(flags.json ? `${JSON.stringify(asJson(seen))}\n` : asText(seen));
    return 0;
  },
};

interface Seen {
  readonly found: DirectoryStatus;
  /** Null where the pipeline has a mistake, which is not what is asked here. */
  readonly retention: LogSettings | null;
  /** Null for the embedded log. */
  readonly broker: Broker | null;
  /** Or why it can't be looked at. */
  readonly log: LogOverview | LoanstreamError;
  readonly nowMs: number;
}

interface Broker {
  readonly bootstrap: readonly string[];
  /** Null where the pipeline has a mistake. */
  readonly topic: string | null;
  readonly application: string;
}

async function lookAtLog(
  found: DirectoryStatus,
  source: () => KafkaSource | null,
): Promise<LogOverview | LoanstreamError> {
  try {
    return await logOverview(found, source());
  } catch (error) {
    if (error instanceof LoanstreamError) return error;
    throw error;
  }
}

function asJson({ found, retention, broker, log, nowMs }: Seen): object {
  const { directory, process, positions, watermarkMs, snapshot, ledger } = found;
  const kept = { retentionMs: retention?.retentionMs ?? null, maxBytes: retention?.maxBytes ?? null };
  return {
    ...{ directory, process },
    broker,
    log: logJson(log, kept),
    recordsPerSecond: found.recordsPerSecond,
    ...{ positions, lag: log instanceof LoanstreamError ? null : lagOf(log) },
    watermark: isoTime(watermarkMs),
    watermarkAgeMs: watermarkMs === null ? null : nowMs - watermarkMs,
    snapshot: snapshot && {
      ...{ positions: snapshot.positions, bytes: snapshot.bytes, takenAt: isoTime(snapshot.takenAtMs) },
      ageMs: nowMs - snapshot.takenAtMs,
    },
    ledger,
    tables: found.tables,
    backfills: backfillsIn({ found, log }),
    retried: found.retried,
    alerts: alertCounts(found),
  };
}

function logJson(log: Seen["log"], kept: object): object {
  if (log instanceof LoanstreamError) return { error: log.diagnostics[0], ...kept };
  return { partitions: log.partitions, bytes: log.bytes, oldest: isoTime(log.oldestMs), ...kept };
}

const isoTime = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());

function alertCounts({ alerts }: DirectoryStatus): Record<string, number> {
  return Object.fromEntries(SEVERITIES.map((severity) => [severity, alerts.get(severity) ?? 0]));
}

function asText(seen: Seen): string {
  const { found, nowMs } = seen;
  const ago = (ms: number | null) => (ms === null ? "never" : `${duration(nowMs - ms)} ago`);
  const { watermarkMs, snapshot, ledger, retried } = found;
  const lines = [
    ["process", processText(found)],
    ...brokerLines(seen),
    ...logLines(seen),
    ...(found.recordsPerSecond === null
      ? []
      : [["rate", `${Number(found.recordsPerSecond.toFixed(1))} records/s over the last seconds`]]),
    ["watermark", watermarkMs === null ? "none yet" : `${isoTime(watermarkMs)}, ${ago(watermarkMs)}`],
    [
      "snapshot",
      snapshot === null
        ? "none yet"
        : `at ${positionsText(snapshot.positions)}, ${size(snapshot.bytes)}, ${ago(snapshot.takenAtMs)}`,
    ],
    ["read", ledger === null ? "nothing yet" : ledgerLine(ledger, retried)],
    ["alerts", severities(found)],
    ...backfillsIn(seen)
      .filter(({ state }) => state !== "done")
      .map((its) => ["backfill", backfillLine(its)]),
  ];
  return `${[found.directory, ...lines.map(([name = "", text]) => `  ${name.padEnd(9)}  ${text}`), "", ...tableLines(found)].join("\n")}\n`;
}

function processText({ process }: DirectoryStatus): string {
  if (process === null) return "none runs here";
  if (process.pid === null) return "one runs here, without a server so far";
  return `${process.pid} at ${process.url}, since ${process.startedAt}`;
}

type Line = readonly [name: string, text: string];

function brokerLines({ broker }: Seen): readonly Line[] {
  if (broker === null) return [];
  const { bootstrap, topic, application } = broker;
  const from = topic === null ? "" : `, topic ${topic}`;
  return [["broker", `kafka at ${bootstrap.join()}${from}, application ${application}`]];
}

/** One partition is told with the log, of several each in a line of its own. */
function logLines({ found, retention, log, nowMs }: Seen): readonly Line[] {
  const committed = ["lag", `unknown, committed up to ${positionsText(found.positions)}`] as const;
  if (log instanceof LoanstreamError) return [["log", formatDiagnostic(log.diagnostics[0])], committed];
  const { partitions, bytes, oldestMs } = log;
  const [first, ...others] = partitions;
  const kept = [
    size(bytes),
    ...(oldestMs === null ? [] : [`the oldest record bears a time ${duration(nowMs - oldestMs)} ago`]),
    ...(retention === null ? [] : [`kept ${duration(retention.retentionMs)}`]),
    ...(retention?.maxBytes == null ? [] : [`at most ${size(retention.maxBytes)}`]),
  ];
  const lag = counted(lagOf(log), "record");
  if (others.length === 0)
    return [
      ["log", [rangeText(first), ...kept].join(", ")],
      ["lag", `${lag}, committed up to ${positionsText(found.positions)}`],
    ];
  return [
    ["log", [counted(partitions.length, "partition"), ...kept].join(", ")],
    ["lag", lag],
    ...partitions.map((its, partition): Line => ["partition", `${partition}: ${partitionText(its)}`]),
  ];
}

const rangeText = (range: { readonly start: number; readonly end: number } | undefined): string =>
  `positions ${count(range?.start ?? 0)} to ${count(range?.end ?? 0)}`;

const partitionText = (its: PartitionOverview): string =>
  `${rangeText(its)}, committed up to ${count(its.committed)}, ${count(its.lag)} to take in`;

const backfillsIn = ({ found, log }: Pick<Seen, "found" | "log">): readonly BackfillStatus[] =>
  backfillsOf(found, log instanceof LoanstreamError ? null : log);

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

/** From which position a table counts is told of one partition alone: of several it is their sum. */
function tableLines({ tables, positions }: DirectoryStatus): string[] {
  const width = Math.max(0, ...tables.map(({ name }) => name.length));
  const digits = Math.max(0, ...tables.map(({ rows }) => count(rows).length));
  return tables.map(({ name, rows, used, filtered, begunPosition }) => {
    const since =
      begunPosition && positions.length === 1 ? `; it counts from position ${count(begunPosition)} on` : "";
    const taken =
      used === null || filtered === null ? "" : `  ${count(used)} used + ${count(filtered)} filtered${since}`;
    return `  ${name.padEnd(width)}  ${count(rows).padStart(digits)} ${rows === 1 ? "row " : "rows"}${taken}`;
  });
}
