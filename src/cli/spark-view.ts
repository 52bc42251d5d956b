/** What queries on Spark look like on a terminal, and as JSON. */
import type { AppView, QueryView } from "../engine/spark/app/watch.ts";
import type { QueryProgress } from "../engine/spark/connect/progress.ts";
import { count, counted, duration } from "../output/quantities.ts";
import { alignedLines } from "./aligned.ts";

const HEAD = [
  ...["query", "state", "events/s", "batch ms", "plan", "work", "log"],
  ...["watermark", "state rows", "late", "duplicate", "lag"],
];
const RIGHT = new Set([2, 3, 4, 5, 6, 8, 9, 10, 11]);

/** A line of all, a table with a line a query, a line a query that died. */
export function sparkLines({ remote, connected, queries }: AppView, nowMs: number): string[] {
  const running = queries.filter(({ state }) => state === "running").length;
  const title = `${remote}  ${connected ? "" : "doesn't answer  "}${running} of ${counted(queries.length, "query").replace("querys", "queries")} running`;
  const died = queries.filter(({ failure }) => failure !== null);
  return [
    title,
    "",
    ...alignedLines([HEAD, ...queries.map((query) => cells(query, nowMs))], RIGHT),
    ...(died.length === 0 ? [] : ["", ...died.map(({ name, failure }) => `${name} died: ${failure}`)]),
  ];
}

function cells({ name, state, progress, batch, lag, seen }: QueryView, nowMs: number): readonly string[] {
  if (progress === null) return HEAD.map((_, column) => [name, state][column] ?? "");
  const { all, planning, work, log } = phases(batch ?? progress);
  return [
    name,
    state,
    progress.inputRowsPerSecond.toFixed(1),
    ...[all, planning, work, log].map(count),
    progress.watermark === null ? "none yet" : `${duration(nowMs - progress.watermark)} ago`,
    count(progress.stateRows),
    count(seen.late),
    count(seen.duplicates),
    lag === null ? "" : count(lag),
  ];
}

/** planning: until Spark knows what to do; work: reading, computing, sending; log: its own notes of it. */
function phases({ durationsMs }: QueryProgress) {
  const sum = (...names: readonly string[]) =>
    names.reduce((total, name) => total + (durationsMs[name] ?? 0), 0);
  return {
    all: sum("triggerExecution"),
    planning: sum("latestOffset", "getBatch", "queryPlanning"),
    work: sum("addBatch"),
    log: sum("walCommit", "commitOffsets", "commitBatch"),
  };
}

export const sparkJson = ({ remote, connected, queries }: AppView): object => ({
  ...{ remote, connected },
  queries: queries.map(({ name, state, failure, progress, batch, lag, seen }) => ({
    ...{ name, state, failure, lag },
    inputRowsPerSecond: progress?.inputRowsPerSecond ?? null,
    batch: batch && { id: batch.batchId, durationsMs: batch.durationsMs, inputRows: batch.inputRows },
    watermark: progress?.watermark == null ? null : new Date(progress.watermark).toISOString(),
    stateRows: progress?.stateRows ?? null,
    stateBytes: progress?.stateBytes ?? null,
    seen,
  })),
});

/** Spark counts them a query, and since when a process looked: none of it is the ledger of the embedded engine. */
export const UNCOUNTED =
  "Counted by Spark, a query at a time, over the batches it still remembers. What is dead, and what a table used, it can't count.";

/** 1 where a query isn't running. */
export const exitCodeOf = ({ queries }: AppView): 0 | 1 =>
  queries.length > 0 && queries.every(({ state }) => state === "running") ? 0 : 1;
