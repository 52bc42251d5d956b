/** What is odd about the newest records of a log. Pure; no value of an event comes out. */
import { createScanner } from "../contract/scan.ts";
import type { ColumnBatch, ColumnVector, RecordBatch } from "../engine/batch.ts";
import { count, counted, duration } from "../output/quantities.ts";
import { FAR_FUTURE_MS, type Pipeline } from "../pipeline/pipeline.ts";
import { type Finding, failed, ok, warning } from "./check.ts";

/** Records as the schema reads them. */
export interface NewestRecords<Batch extends RecordBatch = RecordBatch> {
  readonly pipeline: Pipeline;
  readonly count: number;
  readonly scanned: readonly { readonly batch: Batch; readonly read: ColumnBatch }[];
}

const NOTABLE_SHARE = 0.05;
const MISMATCH_SHARE = 0.5;
/** Two clocks are never equal. */
const AHEAD_MS = 5000;

export function scanRecords<Batch extends RecordBatch>(
  batches: readonly Batch[],
  pipeline: Pipeline,
): NewestRecords<Batch> {
  const scan = createScanner(pipeline.schema);
  return {
    pipeline,
    count: batches.reduce((sum, batch) => sum + batch.count, 0),
    scanned: batches.map((batch) => ({ batch, read: scan(batch) })),
  };
}

/** Whether records and schema fit each other. */
export function schemaFinding({ count: all, scanned }: NewestRecords): Finding {
  const reasons = scanned.flatMap(({ read }) => read.faults.map(({ path, reason }) => `${path} ${reason}`));
  const dead = reasons.length;
  const found = `${ofLast(dead, all)} ${dead === 1 ? "doesn't" : "don't"} fit the schema`;
  if (dead < all * NOTABLE_SHARE) return ok(found);
  const most = `${found}, most of them for ${commonest(reasons)}`;
  return dead < all * MISMATCH_SHARE
    ? warning(most, `Look at them: "loanstream dlq list".`)
    : failed(
        `schema mismatch: ${most}`,
        'Correct schema.yaml, or who sends; "loanstream dlq list" shows more.',
      );
}

/** The one that is there most often; empty where there is none. */
export function commonest(texts: readonly string[]): string {
  const alike = [...Map.groupBy(texts, (text) => text)];
  const [most] = alike.sort(([, a], [, b]) => b.length - a.length);
  return most?.[0] ?? "";
}

/** Whether events bear times at which they count; none where they bear no time. */
export function timeFindings(newest: NewestRecords): readonly Finding[] {
  const { pipeline, count: all } = newest;
  const path = pipeline.source.eventTime;
  const times = arrivals(newest);
  if (path === null || times.length === 0) return [];
  const dead = times.filter(({ eventMs, cameMs }) => eventMs > cameMs + FAR_FUTURE_MS).length;
  const ahead = times.filter(({ eventMs, cameMs }) => eventMs > cameMs + AHEAD_MS).length - dead;
  const late = lateAmong(times, pipeline.delayMs);
  const findings = [
    finding(dead, all, `bear a time more than an hour after they came, and are dead`, CLOCK),
    finding(ahead, all, `bear a time after they came, and make others late`, CLOCK),
    finding(late, all, `come later than the delay of ${duration(pipeline.delayMs)} allows`, LATE),
  ].flat();
  return findings.length > 0 ? findings : [ok(`${ofLast(all, all)} come in time`)];
}

const CLOCK = "Set the clock of whoever sends; its time zone too, if it is off by whole hours.";
const LATE =
  "Raise delay in pipeline.yaml if they have to be; if they are generated, send none of the past after ones of now: leave out --start, or recreate the topic first.";

interface Arrival {
  readonly eventMs: number;
  readonly cameMs: number;
}

/** Of events with a time, in the order in which they came. */
function arrivals(newest: NewestRecords): readonly Arrival[] {
  const found = newest.scanned.flatMap(({ batch, read }) => {
    const values = columnAt(newest.pipeline, newest.pipeline.source.eventTime, read);
    const cameAt = batch.ingestTimesMs;
    if (values?.kind !== "number" || cameAt === null) return [];
    return Array.from(values.values, (eventMs, row) => ({ eventMs, cameMs: cameAt[row] ?? 0, row })).filter(
      ({ eventMs, row }) => read.dead[row] === 0 && !Number.isNaN(eventMs),
    );
  });
  return found.sort((a, b) => a.cameMs - b.cameMs);
}

/** About as many as a watermark over these alone would leave out. */
function lateAmong(times: readonly Arrival[], delayMs: number): number {
  let greatestMs = Number.NEGATIVE_INFINITY;
  let late = 0;
  for (const { eventMs, cameMs } of times) {
    if (eventMs < greatestMs - delayMs) late += 1;
    else if (eventMs <= cameMs + FAR_FUTURE_MS) greatestMs = Math.max(greatestMs, eventMs);
  }
  return late;
}

/** Whether events come again; none where they bear no id. */
export function repeatFindings(newest: NewestRecords): readonly Finding[] {
  const { pipeline, count: all } = newest;
  if (pipeline.source.eventId === null || all === 0) return [];
  const ids = newest.scanned.flatMap(({ read }) =>
    textsAt(pipeline, pipeline.source.eventId, read).filter((id, row) => id !== null && read.dead[row] === 0),
  );
  const repeated = ids.length - new Set(ids).size;
  if (repeated < all * NOTABLE_SHARE) return [ok(`${ofLast(repeated, all)} repeat an event's id`)];
  return [
    warning(
      `${ofLast(repeated, all)} repeat an event's id, and count once within the delay`,
      "If they are generated, give each generator another seed (SEED=), or recreate the topic before; else let whoever sends give each event an id of its own.",
    ),
  ];
}

/** A warning from a share on that is worth one. */
function finding(some: number, all: number, are: string, remedy: string): readonly Finding[] {
  return some > 0 && some >= all * NOTABLE_SHARE ? [warning(`${ofLast(some, all)} ${are}`, remedy)] : [];
}

/** `3 of the last 1,000 records` */
export const ofLast = (some: number, all: number): string =>
  `${count(some)} of the last ${counted(all, "record")}`;

/** Null for one that isn't there. */
function columnAt({ schema }: Pipeline, path: string | null, { columns }: ColumnBatch): ColumnVector | null {
  const leaf = schema.leaves.findIndex((each) => each.path === path);
  return columns[leaf] ?? null;
}

/** By row; none where the leaf holds no texts. What a dead row has is anything. */
export function textsAt(
  pipeline: Pipeline,
  path: string | null,
  read: ColumnBatch,
): readonly (string | null)[] {
  const column = columnAt(pipeline, path, read);
  return column?.kind === "text" ? column.values : [];
}
