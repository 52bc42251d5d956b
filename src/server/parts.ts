/** What the server is given. It knows neither engine nor log: only committed tables, and what it is told here. */
import type { RecordPlace } from "../engine/engine.ts";
import type { Diagnostic } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import type { StoreReader } from "../store/sqlite-reader.ts";

export interface ServerParts {
  readonly pipeline: Pipeline;
  /** Null before the store can be read; what needs it is then answered by 503. */
  readonly reader: () => StoreReader | null;
  readonly status: () => Status;
  /** Null where nothing can be administered. */
  readonly admin: Admin | null;
  /** An address or name to listen on; 127.0.0.1 keeps to this machine. */
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly logger: Logger;
  readonly nowMs: () => number;
}

/**
 * recovering: the state is being restored, then the stream of generated events reopened; history: the past is being generated and taken in; live; draining: what was
 * acknowledged is taken in, then the process ends; failed: the engine has stopped.
 */
export type State = "recovering" | "history" | "live" | "draining" | "failed";

export interface Status {
  readonly state: State;
  /** Events of the past, in the state `history`. */
  readonly history: { readonly done: number; readonly of: number } | null;
  /** Records taken in a second, lately. */
  readonly ratePerSecond: number;
  /** Records that are durable in the log and not yet committed. */
  readonly lag: number;
  /** How long a trigger took at most in the last minute, from when it was due until it was committed; null before any. */
  readonly slowestTriggerMs: number | null;
  readonly startedAtMs: number;
  /** What stopped the engine, in the state `failed`. */
  readonly failure: Diagnostic | null;
}

export interface Admin {
  /** What a request for administration must carry as `Authorization: Bearer …`. */
  readonly token: string;
  readonly retry: Retry;
}

/** Puts repaired dead letters into the log, each once, however often it is asked for. */
export type Retry = (letters: readonly RepairedLetter[]) => Promise<readonly RetriedLetter[]>;

export interface RepairedLetter {
  readonly partition: number;
  readonly position: number;
  /** UTF-8 JSON, without a line end. */
  readonly record: Uint8Array;
}

export interface RetriedLetter extends RecordPlace {
  /** Where it stands now. */
  readonly retriedAs: RecordPlace;
  /** Whether it had been retried before. */
  readonly already: boolean;
}
