/** The engine thread as the main thread sees it. */
import { Worker } from "node:worker_threads";
import { fail } from "../../../errors.ts";
import type { Append } from "../../../eventlog/event-log.ts";
import { type LogSettings, processLogSettings } from "../../../log.ts";
import type { BackfillFile, BackfillState } from "../../../store/backfills.ts";
import type { Ledger } from "../../engine.ts";
import {
  type Answer,
  type FromEngine,
  fromFailure,
  packAppend,
  type Question,
  type QuestionName,
  type Questions,
  type ThreadSettings,
} from "./messages.ts";
import type { RepairedLetter, Retried } from "./retry.ts";
import { slowestOver } from "./slowest.ts";

export interface EngineThread {
  /** How many records of the log wait to be taken in, at most; those among them of every append that has resolved. */
  lag(): number;
  /** How long a trigger took at most in the last minute, from when it was due until it was committed; null before any. */
  slowestTriggerMs(): number | null;
  /**
   * Resolves once the records are durable. Many may wait at once; past some megabytes a call waits before it hands its
   * records over.
   */
  append(batch: Append): Promise<void>;
  /**
   * Appends repaired dead letters, each once however often it is asked for, across restarts as well. Throws
   * `dlq.not-dead`, `log.record-has-line-end`; nothing was appended then.
   */
  retry(letters: readonly RepairedLetter[]): Promise<readonly Retried[]>;
  /**
   * Begins to backfill a file, or says how far it came before: its first `taken` records are in the log. Until
   * `endBackfill` nothing else may be appended.
   */
  beginBackfill(file: BackfillFile): Promise<BackfillState>;
  /** All records of the file are in the log. */
  endBackfill(file: string): Promise<void>;
  /** The greatest time of an event taken in that was not late; null where there is none. */
  newestEventMs(): Promise<number | null>;
  /** Takes in what was acknowledged, triggers a last time, closes no window, and ends the thread. */
  drain(): Promise<Ledger>;
  /** Rejects with what stopped the thread; resolves once it was drained. */
  readonly ended: Promise<void>;
}

const MOST_BYTES_WAITING = 8 << 20;

type Waiting = {
  readonly [Name in QuestionName]: Map<number, PromiseWithResolvers<Questions[Name]["answer"]>>;
};

/**
 * Starts the thread and recovers its state. Throws what opening log and store, and recovery, throw. Whatever is asked
 * of a thread that has ended rejects. What it tells of its work goes to `write`. The signal ends a start that isn't done,
 * which may wait for brokers: then it throws the signal's reason.
 */
export async function startEngineThread(
  settings: ThreadSettings,
  write: LogSettings["write"] = processLogSettings().write,
  signal?: AbortSignal,
): Promise<EngineThread> {
  const module = import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js";
  const worker = new Worker(new URL(module, import.meta.url), { workerData: settings });
  const ready = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const waiting: Waiting = {
    append: new Map(),
    retry: new Map(),
    beginBackfill: new Map(),
    endBackfill: new Map(),
    newestEvent: new Map(),
    drain: new Map(),
  };
  let lag = 0;
  const triggers = slowestOver(60_000, () => performance.now());
  let bytesWaiting = 0;
  /** Resolves once the append before has handed its records over, so that they keep the order of their calls. */
  let turn: Promise<unknown> = Promise.resolve();
  let room = Promise.withResolvers<void>();
  let lastId = 0;
  /** Why the thread answers no more. */
  let over: { readonly error: unknown } | null = null;

  function failAll(error: unknown): void {
    over ??= { error };
    const asked = Object.values(waiting).flatMap((those) => [...those.values()]);
    for (const { reject } of [ready, ended, room, ...asked]) reject(error);
    for (const those of Object.values(waiting)) those.clear();
  }

  function receive(message: FromEngine): void {
    if (message.kind === "ready") ready.resolve();
    else if (message.kind === "lag") lag = message.records;
    else if (message.kind === "triggered") triggers.note(message.tookMs);
    else if (message.kind === "said") write(message.line, message.level);
    else if (message.kind === "answer") settle(message);
    else if (message.kind === "refused") take(message.name, message.id)?.reject(fromFailure(message.failure));
    else {
      failAll(fromFailure(message.failure));
      void worker.terminate();
    }
  }

  function settle<Name extends QuestionName>({ id, name, answer }: Answer<Name>): void {
    take(name, id)?.resolve(answer);
  }

  function take<Name extends QuestionName>(name: Name, id: number) {
    const found = waiting[name].get(id);
    waiting[name].delete(id);
    return found;
  }

  function ask<Name extends QuestionName>(
    name: Name,
    question: Questions[Name]["question"],
    transfer: ArrayBuffer[] = [],
  ): Promise<Questions[Name]["answer"]> {
    if (over) return Promise.reject(over.error);
    const id = ++lastId;
    const asked = Promise.withResolvers<Questions[Name]["answer"]>();
    waiting[name].set(id, asked);
    const message: Question<Name> = { id, name, question };
    worker.postMessage(message, transfer);
    return asked.promise;
  }

  async function admit(size: number): Promise<void> {
    while (bytesWaiting > 0 && bytesWaiting + size > MOST_BYTES_WAITING) await room.promise;
    bytesWaiting += size;
  }

  async function append(batch: Append): Promise<void> {
    const packed = packAppend(batch);
    const size = packed.bytes.length;
    const admitted = turn.then(() => admit(size));
    turn = admitted.catch(() => {});
    await admitted;
    try {
      await ask("append", packed, [packed.bytes.buffer, packed.offsets.buffer]);
    } finally {
      bytesWaiting -= size;
      room.resolve();
      room = Promise.withResolvers<void>();
      room.promise.catch(() => {});
    }
  }

  for (const { promise } of [ready, ended, room]) promise.catch(() => {});
  worker.on("message", receive);
  worker.on("error", failAll);
  worker.on("exit", () => {
    ended.resolve();
    failAll(fail("internal.unexpected", "the engine thread ended", "Start again, with LOG_LEVEL=debug."));
  });
  const giveUp = (): void => {
    failAll(signal?.reason);
    void worker.terminate();
  };
  signal?.addEventListener("abort", giveUp);
  await ready.promise.finally(() => signal?.removeEventListener("abort", giveUp));
  return {
    lag: () => lag,
    slowestTriggerMs: triggers.most,
    append,
    retry: (letters) => ask("retry", letters),
    beginBackfill: (file) => ask("beginBackfill", file),
    endBackfill: (file) => ask("endBackfill", file),
    newestEventMs: () => ask("newestEvent", null),
    drain: () => ask("drain", null),
    ended: ended.promise,
  };
}
