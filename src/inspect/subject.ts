/** What the checks look at, read once. */
import type { SettingsOf } from "../config/table.ts";
import { LoanstreamError } from "../errors.ts";
import { loadPipeline } from "../pipeline/load.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { type LogOverview, logOverview } from "./log-overview.ts";
import { type Readiness, readinessAt } from "./readiness.ts";
import { type DirectoryStatus, processOn, type RunningProcess, statusOf } from "./status.ts";

/** A result, or why there is none. */
export type Attempt<Value> = { readonly value: Value } | { readonly error: LoanstreamError };

export interface Subject {
  readonly settings: SettingsOf<"doctor">;
  readonly pipelineDirectory: string;
  readonly pipeline: Attempt<Pipeline>;
  readonly process: RunningProcess | null;
  /** Null where none runs, or it doesn't tell. */
  readonly readiness: Readiness | null;
  /** Null where nothing is kept yet. */
  readonly status: Attempt<DirectoryStatus | null>;
  /** The embedded one; null where nothing is kept yet, or Kafka is asked instead. */
  readonly log: Attempt<LogOverview | null>;
  readonly nowMs: number;
}

export async function subjectOf(
  settings: SettingsOf<"doctor">,
  pipelineDirectory: string,
  nowMs: number,
): Promise<Subject> {
  const process = await processOn(settings.dataDir);
  const status = await attempt(() => statusOf(settings.dataDir));
  const found = settings.broker === "kafka" ? null : valueIn(status);
  return {
    ...{ settings, pipelineDirectory, nowMs, process, status },
    pipeline: await attempt(async () => loadPipeline(pipelineDirectory)),
    readiness: process?.url == null ? null : await readinessAt(process.url),
    log: await attempt(async () => found && logOverview(found, null)),
  };
}

/** Throws only what is no error of the catalogue. */
export async function attempt<Value>(work: () => Promise<Value>): Promise<Attempt<Value>> {
  try {
    return { value: await work() };
  } catch (error) {
    if (error instanceof LoanstreamError) return { error };
    throw error;
  }
}

/** What came out; null where nothing did. */
export function valueIn<Value>(attempted: Attempt<Value>): Value | null {
  return "value" in attempted ? attempted.value : null;
}

/** What came out. Throws why nothing did. */
export function resultOf<Value>(attempted: Attempt<Value>): Value {
  if ("error" in attempted) throw attempted.error;
  return attempted.value;
}
