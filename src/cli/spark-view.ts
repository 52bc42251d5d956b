/** What queries on Spark look like on a terminal, and as JSON. */
import type { Counted } from "../engine/spark/app/count.ts";
import type { AppView, QueryView } from "../engine/spark/app/watch.ts";
import type { QueryProgress } from "../engine/spark/connect/progress.ts";
import { type Diagnostic, formatDiagnostic } from "../errors.ts";
import { count, duration } from "../output/quantities.ts";
import { alignedLines } from "./aligned.ts";

const HEAD = [
  ...["query", "state", "events/s", "batch ms", "plan", "work", "log"],
  ...["watermark", "state rows", "late", "duplicate", "lag"],
];
const RIGHT = new Set([2, 3, 4, 5, 6, 8, 9, 10, 11]);

/** A line of all, a table with a line a query, the ledger, a line a query that died. */
export function sparkLines({ remote, connected, queries }: AppView, nowMs: number): string[] {
  const running = queries.filter(({ state }) => state === "running").length;
  const title = `${remote}  ${connected ? "" : "doesn't answer  "}${running} of ${count(queries.length)} ${queries.length === 1 ? "query" : "queries"} running`;
  const failed = failedLines(queries);
  const ledger = ledgerOf(queries);
  return [
    title,
    "",
    ...alignedLines([HEAD, ...queries.map((query) => cells(query, nowMs))], RIGHT),
    ...(ledger === null ? [] : ["", ...ledgerLines(ledger)]),
    ...(failed.length === 0 ? [] : ["", ...failed]),
  ];
}

/** Of each query that died or waits: why, and what to do. */
export const failedLines = (queries: AppView["queries"]): readonly string[] =>
  queries.flatMap(({ name, state, failure }) => (failure ? [failedLine(name, state, failure)] : []));

const failedLine = (name: string, state: QueryView["state"], failure: Diagnostic): string =>
  `${name} ${state === "died" ? "died" : "waits"}: ${formatDiagnostic(failure)}`;

function cells({ name, state, progress, batch, lag, counted }: QueryView, nowMs: number): readonly string[] {
  const { batchMs, planMs, workMs, logMs } = phases(batch);
  return [
    name,
    state,
    progress === null ? "" : progress.inputRowsPerSecond.toFixed(1),
    ...[batchMs, planMs, workMs, logMs].map((ms) => (batch === null ? "" : count(ms))),
    progress === null ? "" : watermarkText(progress, nowMs),
    progress === null ? "" : count(progress.stateRows),
    counted.batches === 0 ? "" : count(counted.late),
    counted.batches === 0 ? "" : count(counted.duplicate),
    lag === null ? "" : count(lag),
  ];
}

const watermarkText = ({ watermark }: QueryProgress, nowMs: number): string =>
  watermark === null ? "none yet" : `${duration(nowMs - watermark)} ago`;

/** plan: until Spark knows what to do; work: reading, computing, sending; log: its own notes of it. */
function phases(batch: QueryProgress | null) {
  const sum = (...names: readonly string[]) =>
    names.reduce((total, name) => total + (batch?.durationsMs[name] ?? 0), 0);
  return {
    batchMs: sum("triggerExecution"),
    planMs: sum("latestOffset", "getBatch", "queryPlanning"),
    workMs: sum("addBatch"),
    logMs: sum("walCommit", "commitOffsets", "commitBatch"),
  };
}

interface SparkLedger extends Counted {
  /** The query that counts it. */
  readonly query: string;
}

/** Each query reads the topic by itself; the one that sends the dead letters also knows what is dead. */
function ledgerOf(queries: AppView["queries"]): SparkLedger | null {
  const counting = queries.find(({ counted }) => counted.dead !== null);
  return counting ? { query: counting.name, ...counting.counted } : null;
}

/** What is not in any of the figures, whatever there was. */
const UNCOUNTED = [
  "what each table used and filtered",
  "which records were late",
  "what was repaired and sent again",
];

function ledgerLines({
  query,
  read,
  accepted,
  late,
  duplicate,
  dead,
  batches,
  missed,
}: SparkLedger): string[] {
  const parts = Object.entries({ accepted, late, duplicate, dead }).map(
    ([what, n]) => `${count(n ?? 0)} ${what}`,
  );
  const all = `${count(batches)} ${batches === 1 ? "batch" : "batches"}`;
  const over =
    missed === 0
      ? `all ${all} since its checkpoint began`
      : `${count(batches)} of ${count(batches + missed)} batches since its checkpoint began; nobody looked at the others in time`;
  return [
    `${count(read)} read = ${parts.join(" + ")}`,
    `as query ${query} counts them, in ${over}.`,
    "Every query reads all events for itself: its late and duplicate ones are of these.",
    `Spark doesn't count ${UNCOUNTED.slice(0, -1).join(", ")} and ${UNCOUNTED.at(-1)}.`,
  ];
}

/** `docs/spark.md` says what they are. */
export const sparkJson = ({ remote, connected, queries }: AppView, nowMs: number): object => ({
  ...{ remote, connected },
  ledger: ledgerJson(ledgerOf(queries)),
  uncounted: UNCOUNTED,
  queries: queries.map(({ name, state, failure, progress, batch, lag, counted }) => ({
    ...{ name, state, failure },
    inputRowsPerSecond: progress?.inputRowsPerSecond ?? null,
    batch: batch && {
      ...{ id: batch.batchId, inputRows: batch.inputRows, ...phases(batch) },
      phasesMs: batch.durationsMs,
    },
    watermark: progress?.watermark == null ? null : new Date(progress.watermark).toISOString(),
    watermarkAgeMs: progress?.watermark == null ? null : nowMs - progress.watermark,
    stateRows: progress?.stateRows ?? null,
    stateBytes: progress?.stateBytes ?? null,
    lagRecords: lag,
    counted: countedJson(counted),
  })),
});

const ledgerJson = (ledger: SparkLedger | null): object | null =>
  ledger && { query: ledger.query, ...countedJson(ledger) };

const countedJson = ({ read, accepted, late, duplicate, dead, batches, missed }: Counted): object => ({
  ...{ read, accepted, late, duplicate, dead, batches, missedBatches: missed },
});

/** 1 where a query has died, or isn't there though it should run. */
export const exitCodeOf = ({ queries }: AppView): 0 | 1 =>
  queries.some(({ state }) => state === "died" || state === "lost") ? 1 : 0;
