/** The engine thread's entry: owns log, session and store, and alone writes them. */
import { join } from "node:path";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { nodeDirectory } from "../../../eventlog/segments/segment-file.ts";
import { openSegmentLog } from "../../../eventlog/segments/segment-log.ts";
import { createLogger, processLogSettings } from "../../../log.ts";
import { openStore } from "../../../store/sqlite-store.ts";
import { type EngineLoop, openLoop, type Timers } from "./loop.ts";
import { type FromEngine, type ThreadSettings, type ToEngine, toFailure, unpackAppend } from "./messages.ts";

const timers: Timers = {
  nowMs: Date.now,
  every(intervalMs, work) {
    const timer = setInterval(work, intervalMs);
    return () => clearInterval(timer);
  },
};

async function start(port: MessagePort, settings: ThreadSettings): Promise<void> {
  const tell = (message: FromEngine): void => port.postMessage(message);
  const store = openStore(settings.dataDirectory, settings.pipeline);
  const retention = { ...settings.pipeline.log, nowMs: Date.now };
  const log = await openSegmentLog(await nodeDirectory(join(settings.dataDirectory, "log")), { retention });
  const loop = await openLoop({
    pipeline: settings.pipeline,
    log,
    store,
    timers,
    snapshotMs: settings.snapshotMs,
    logger: createLogger("engine", processLogSettings()),
    onFailure: (error) => tell({ kind: "failed", failure: toFailure(error) }),
  });
  port.on("message", (message: ToEngine) => void answer(loop, message, tell, port));
  tell({ kind: "ready", end: log.end() });
}

async function answer(
  loop: EngineLoop,
  message: ToEngine,
  tell: (message: FromEngine) => void,
  port: MessagePort,
): Promise<void> {
  if (message.kind === "drain") {
    try {
      tell({ kind: "drained", ledger: await loop.drain() });
    } catch (error) {
      tell({ kind: "failed", failure: toFailure(error) });
    }
    port.close();
    return;
  }
  const { id, packed } = message;
  try {
    tell({ kind: "appended", id, position: await loop.append(unpackAppend(packed)) });
  } catch (error) {
    tell({ kind: "refused", id, failure: toFailure(error) });
  }
}

const port = parentPort;
if (port !== null) {
  const settings: ThreadSettings = workerData;
  start(port, settings).catch((error: unknown) => {
    const message: FromEngine = { kind: "failed", failure: toFailure(error) };
    port.postMessage(message);
    port.close();
  });
}
