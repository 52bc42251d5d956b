/** What the main thread and the engine thread say to each other. */
import { type Diagnostic, LoanstreamError } from "../../../errors.ts";
import type { Append } from "../../../eventlog/event-log.ts";
import type { Pipeline } from "../../../pipeline/pipeline.ts";
import type { Ledger } from "../../engine.ts";

export interface ThreadSettings {
  readonly pipeline: Pipeline;
  /** Holds the log in `log/` and the store. */
  readonly dataDirectory: string;
  readonly snapshotMs: number;
}

/** Records end to end: record i is `bytes[offsets[i], offsets[i+1])`. */
export interface PackedAppend {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly offsets: Uint32Array<ArrayBuffer>;
  readonly ingestTimeMs: number;
}

export type ToEngine =
  | { readonly kind: "append"; readonly id: number; readonly packed: PackedAppend }
  | { readonly kind: "drain" };

export type FromEngine =
  | { readonly kind: "ready"; readonly end: number }
  | { readonly kind: "appended"; readonly id: number; readonly position: number }
  | { readonly kind: "refused"; readonly id: number; readonly failure: Failure }
  | { readonly kind: "drained"; readonly ledger: Ledger }
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
