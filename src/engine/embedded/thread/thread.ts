/** The engine thread as the main thread sees it. */
import { Worker } from "node:worker_threads";
import { fail } from "../../../errors.ts";
import type { Append } from "../../../eventlog/event-log.ts";
import type { Ledger } from "../../engine.ts";
import { type FromEngine, fromFailure, packAppend, type ThreadSettings, type ToEngine } from "./messages.ts";

export interface EngineThread {
  /** The position that the next record got when the thread was ready. */
  readonly startPosition: number;
  /**
   * Resolves once the records are durable, with the position of the first. Many may wait at once; past some
   * megabytes a call waits before it hands its records over.
   */
  append(batch: Append): Promise<number>;
  /** Takes in what was acknowledged, triggers a last time, closes no window, and ends the thread. */
  drain(): Promise<Ledger>;
  /** Rejects with what stopped the thread; resolves once it was drained. */
  readonly ended: Promise<void>;
}

const MOST_BYTES_WAITING = 8 << 20;

/** Starts the thread and recovers its state. Throws what opening log and store, and recovery, throw. */
export async function startEngineThread(settings: ThreadSettings): Promise<EngineThread> {
  const module = import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js";
  const worker = new Worker(new URL(module, import.meta.url), { workerData: settings });
  const ready = Promise.withResolvers<number>();
  const drained = Promise.withResolvers<Ledger>();
  const ended = Promise.withResolvers<void>();
  const acknowledgements = new Map<number, PromiseWithResolvers<number>>();
  let bytesWaiting = 0;
  let room = Promise.withResolvers<void>();
  let lastId = 0;

  function failAll(error: unknown): void {
    for (const waiting of [ready, drained, ended, room, ...acknowledgements.values()]) waiting.reject(error);
    acknowledgements.clear();
  }

  function receive(message: FromEngine): void {
    if (message.kind === "ready") ready.resolve(message.end);
    else if (message.kind === "appended") settle(message.id)?.resolve(message.position);
    else if (message.kind === "refused") settle(message.id)?.reject(fromFailure(message.failure));
    else if (message.kind === "drained") drained.resolve(message.ledger);
    else {
      failAll(fromFailure(message.failure));
      void worker.terminate();
    }
  }

  function settle(id: number): PromiseWithResolvers<number> | undefined {
    const waiting = acknowledgements.get(id);
    acknowledgements.delete(id);
    return waiting;
  }

  const tell = (message: ToEngine, transfer: ArrayBuffer[] = []): void =>
    worker.postMessage(message, transfer);

  async function append(batch: Append): Promise<number> {
    const packed = packAppend(batch);
    const size = packed.bytes.length;
    while (bytesWaiting > 0 && bytesWaiting + size > MOST_BYTES_WAITING) await room.promise;
    bytesWaiting += size;
    const id = ++lastId;
    const acknowledged = Promise.withResolvers<number>();
    acknowledgements.set(id, acknowledged);
    tell({ kind: "append", id, packed }, [packed.bytes.buffer, packed.offsets.buffer]);
    try {
      return await acknowledged.promise;
    } finally {
      bytesWaiting -= size;
      room.resolve();
      room = Promise.withResolvers<void>();
      room.promise.catch(() => {});
    }
  }

  for (const { promise } of [ready, drained, ended, room]) promise.catch(() => {});
  worker.on("message", receive);
  worker.on("error", failAll);
  worker.on("exit", () => {
    ended.resolve();
    failAll(fail("internal.unexpected", "the engine thread ended", "Start again, with LOG_LEVEL=debug."));
  });
  return {
    startPosition: await ready.promise,
    append,
    drain() {
      tell({ kind: "drain" });
      return drained.promise;
    },
    ended: ended.promise,
  };
}
