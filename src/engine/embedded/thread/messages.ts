/** What the main thread and the engine thread say to each other. */
import { type Diagnostic, LoanstreamError } from "../../../errors.ts";
import type { Append } from "../../../eventlog/event-log.ts";
import type { KafkaSettings } from "../../../kafka/settings.ts";
import type { Level, LogLevels } from "../../../log.ts";
import type { Pipeline } from "../../../pipeline/pipeline.ts";
import type { BackfillFile, BackfillState } from "../../../store/backfills.ts";
import type { Ledger } from "../../engine.ts";
import type { RepairedLetter, Retried } from "./retry.ts";
import type { SnapshotSettings } from "./snapshot-keeper.ts";

export interface ThreadSettings {
  readonly pipeline: Pipeline;
  /** Holds the store and, where no Kafka is named, the log in `log/`. */
  readonly dataDirectory: string;
  /** Where events come from and what is committed leaves to. Default: neither leaves the data directory. */
  readonly kafka?: KafkaIdentity | null;
  /** Default: info. */
  readonly logLevels?: LogLevels;
  /** Default: `SNAPSHOTS`. */
  readonly snapshots?: SnapshotSettings;
}

/** A cluster, and the name under which an instance is the only one that publishes there. */
export interface KafkaIdentity {
  readonly settings: KafkaSettings;
  readonly applicationId: string;
}

/** Records end to end: record i is `bytes[offsets[i], offsets[i+1])`. */
export interface PackedAppend {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly offsets: Uint32Array<ArrayBuffer>;
  readonly ingestTimeMs: number;
}

/** What is asked for and answered, by the name of the question. */
export interface Questions {
  readonly append: { readonly question: PackedAppend; readonly answer: undefined };
  readonly retry: { readonly question: readonly RepairedLetter[]; readonly answer: readonly Retried[] };
  readonly beginBackfill: { readonly question: BackfillFile; readonly answer: BackfillState };
  readonly endBackfill: { readonly question: string; readonly answer: undefined };
  readonly newestEvent: { readonly question: null; readonly answer: number | null };
  readonly drain: { readonly question: null; readonly answer: Ledger };
}

export type QuestionName = keyof Questions;

export interface Question<Name extends QuestionName> {
  readonly id: number;
  readonly name: Name;
  readonly question: Questions[Name]["question"];
}

export interface Answer<Name extends QuestionName> {
  readonly kind: "answer";
  readonly id: number;
  readonly name: Name;
  readonly answer: Questions[Name]["answer"];
}

export type FromEngine =
  /** A message about the thread's work, as the main thread is to write it. */
  | { readonly kind: "said"; readonly line: string; readonly level: Level }
  | { readonly kind: "ready" }
  | { readonly kind: "lag"; readonly records: number }
  | { readonly kind: "triggered"; readonly tookMs: number }
  | Answer<QuestionName>
  | { readonly kind: "refused"; readonly id: number; readonly name: QuestionName; readonly failure: Failure }
  | { readonly kind: "failed"; readonly failure: Failure };

/** An error as plain data, since a thread's messages keep no classes. */
export type Failure =
  | { readonly known: true; readonly diagnostics: readonly [Diagnostic, ...Diagnostic[]] }
  | { readonly known: false; readonly message: string; readonly stack: string };

export function packAppend({ records, ingestTimeMs }: Append): PackedAppend {
  const offsets = new Uint32Array(records.length + 1);
  for (const [i, record] of records.entries()) offsets[i + 1] = offsets[i]! + record.length;
  const bytes = new Uint8Array(offsets[records.length]!);
  for (const [i, record] of records.entries()) bytes.set(record, offsets[i]);
  return { bytes, offsets, ingestTimeMs };
}

export function unpackAppend({ bytes, offsets, ingestTimeMs }: PackedAppend): Append {
  const records = Array.from({ length: offsets.length - 1 }, (_, i) =>
    bytes.subarray(offsets[i], offsets[i + 1]),
  );
  return { records, ingestTimeMs };
}

export function toFailure(error: unknown): Failure {
  if (error instanceof LoanstreamError) return { known: true, diagnostics: error.diagnostics };
  if (!(error instanceof Error)) return { known: false, message: String(error), stack: "" };
  return { known: false, message: error.message, stack: error.stack ?? "" };
}

export function fromFailure(failure: Failure): Error {
  if (failure.known) return new LoanstreamError(failure.diagnostics);
  const error = new Error(failure.message);
  error.stack = failure.stack;
  return error;
}
