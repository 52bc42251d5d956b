/** The engine thread's entry: owns log, session and store, and alone writes them. */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import type { Diagnostic } from "../../../errors.ts";
import { createLogger, processLogSettings } from "../../../log.ts";
import { storeError } from "../../../store/sqlite-error.ts";
import { openStore, STORE_FILE } from "../../../store/sqlite-store.ts";
import { tellingStore } from "../../../store/telling.ts";
import { openEnds } from "./ends.ts";
import { type EngineLoop, openLoop } from "./loop.ts";
import {
  type Failure,
  type FromEngine,
  type Question,
  type QuestionName,
  type Questions,
  type ThreadSettings,
  toFailure,
  unpackAppend,
} from "./messages.ts";
import { SNAPSHOTS } from "./snapshot-keeper.ts";
import type { Timers } from "./timers.ts";

const timers: Timers = {
  nowMs: Date.now,
  every(intervalMs, work) {
    const timer = setInterval(work, intervalMs);
    return () => clearInterval(timer);
  },
  sleep: (delayMs) => delay(delayMs),
};

type Answers = {
  readonly [Name in QuestionName]: (
    loop: EngineLoop,
    question: Questions[Name]["question"],
  ) => Promise<Questions[Name]["answer"]>;
};

const answers: Answers = {
  append: async (loop, packed) => void (await loop.append(unpackAppend(packed))),
  retry: (loop, letters) => loop.retry(letters),
  beginBackfill: (loop, file) => loop.beginBackfill(file),
  endBackfill: async (loop, file) => void (await loop.endBackfill(file)),
  newestEvent: async (loop) => loop.newestEventMs(),
  drain: (loop) => loop.drain(),
};

async function start(port: MessagePort, settings: ThreadSettings): Promise<void> {
  const tell = (message: FromEngine): void => port.postMessage(message);
  const logs = processLogSettings(settings.logLevels, (line, level) => tell({ kind: "said", line, level }));
  const opened = openStore(settings.dataDirectory, settings.pipeline);
  const store = tellingStore(opened, createLogger("store", logs), timers.nowMs);
  const ends = await openEnds(settings, store, logs);
  const loop = await openLoop({
    pipeline: settings.pipeline,
    ...ends,
    store,
    onLag: (records) => tell({ kind: "lag", records }),
    onTrigger: (tookMs) => tell({ kind: "triggered", tookMs }),
    timers,
    snapshots: settings.snapshots ?? SNAPSHOTS,
    logger: createLogger("engine", logs),
    onFailure: (error) => tell({ kind: "failed", failure: failureOf(error, settings) }),
  });
  port.on("message", async (message: Question<QuestionName>) => {
    await answer(loop, message, tell);
    if (message.name === "drain") port.close();
  });
  tell({ kind: "ready" });
}

async function answer<Name extends QuestionName>(
  loop: EngineLoop,
  { id, name, question }: Question<Name>,
  tell: (message: FromEngine) => void,
): Promise<void> {
  try {
    tell({ kind: "answer", id, name, answer: await answers[name](loop, question) });
  } catch (error) {
    const failure = toFailure(error);
    tell(name === "drain" ? { kind: "failed", failure } : { kind: "refused", id, name, failure });
  }
}

/** What SQLite said while it read is said of the store's file; what has no place, of the data directory. */
function failureOf(error: unknown, { dataDirectory }: ThreadSettings): Failure {
  const failure = toFailure(storeError(error, join(dataDirectory, STORE_FILE)));
  if (!failure.known) return failure;
  const [first, ...rest] = failure.diagnostics;
  const placed = (diagnostic: Diagnostic): Diagnostic => ({
    ...diagnostic,
    place: isOnKafka(diagnostic) ? diagnostic.place : { file: dataDirectory, ...diagnostic.place },
  });
  return { known: true, diagnostics: [placed(first), ...rest.map(placed)] };
}

const isOnKafka = ({ place: { broker, topic } }: Diagnostic): boolean =>
  broker !== undefined || topic !== undefined;

const port = parentPort;
if (port !== null) {
  const settings: ThreadSettings = workerData;
  start(port, settings).catch((error: unknown) => {
    const message: FromEngine = { kind: "failed", failure: failureOf(error, settings) };
    port.postMessage(message);
    port.close();
  });
}
