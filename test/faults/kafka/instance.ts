/** `loanstream run` on a scene's broker, in a process of its own. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ownTopics } from "../../../src/pipeline/topic-names.ts";
import { readRunning } from "../../../src/server/running.ts";
import { openStoreReader } from "../../../src/store/sqlite-reader.ts";
import { STORE_FILE } from "../../../src/store/sqlite-store.ts";
import { type RunningCommand, start } from "../../cli/command-line.ts";
import { closingRecord, feed } from "./feed.ts";
import type { Scene } from "./scene.ts";

export interface Instance extends RunningCommand {
  readonly dataDirectory: string;
  /** Resolves once its server answers; rejects if it ends before. */
  ready(): Promise<void>;
  /** Resolves once so many records are taken in, counted from the first ever; rejects if it ends before. */
  taken(records: number): Promise<void>;
}

const LOOK_MS = 20;
/** Far longer than anything takes that comes to an end. */
const GIVES_UP_MS = 120_000;

export function startInstance(scene: Scene, dataDirectory: string): Instance {
  const { bootstrap, pipelineDirectory } = scene;
  const command = start([
    ...["run", "--broker", "kafka", "--kafka-bootstrap", bootstrap, "--no-generator", "--port", "0"],
    ...["--pipeline", pipelineDirectory, "--data-dir", dataDirectory],
  ]);
  let hasEnded = false;
  void command.outcome.then(() => {
    hasEnded = true;
  });

  async function until(holds: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + GIVES_UP_MS;
    while (!(await holds())) {
      if (performance.now() > deadline) command.kill();
      if (hasEnded) throw new Error(`the run ended: ${(await command.outcome).stderr}`);
      await delay(LOOK_MS);
    }
  }

  return {
    ...command,
    dataDirectory,
    ready: () => until(async () => (await readRunning(dataDirectory)) !== null),
    taken: (records) => until(async () => takenIn(scene, dataDirectory) >= records),
  };
}

/** Lets it take in the last of so many records, then one that closes their windows, and drains it. */
export async function finish(scene: Scene, instance: Instance, records: number): Promise<void> {
  await instance.taken(records);
  await feed(scene, [closingRecord()], 0);
  await instance.taken(records + 1);
  await drain(instance);
}

export async function drain(instance: Instance): Promise<void> {
  instance.interrupt();
  const { exitCode, stderr } = await instance.outcome;
  assert.equal(exitCode, 0, stderr);
}

/** How many records a store counts as read; 0 where there is none yet. */
export function takenIn(scene: Scene, dataDirectory: string): number {
  return progressOf(scene, dataDirectory)?.ledger?.source.read ?? 0;
}

export function progressOf({ pipeline }: Scene, dataDirectory: string) {
  if (!existsSync(join(dataDirectory, STORE_FILE))) return null;
  try {
    const reader = openStoreReader(dataDirectory, pipeline);
    const progress = reader.progress();
    reader.close();
    return progress;
  } catch {
    // It is being made.
    return null;
  }
}

/** So long a request that was on its way when the process stopped may take. */
const SETTLES_MS = 50;

/** Stops the process (SIGSTOP) in the middle of a transaction; false where there was none within that time. */
export async function stopInTransaction(
  scene: Scene,
  instance: Instance,
  withinMs: number,
): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (performance.now() < deadline) {
    if (!(await isTransactionOpen(scene))) continue;
    instance.signal("SIGSTOP");
    await delay(SETTLES_MS);
    if (await isTransactionOpen(scene)) return true;
    instance.signal("SIGCONT");
  }
  return false;
}

/** Whether an output holds records that readers of committed ones may not see yet. */
async function isTransactionOpen({ admin, pipeline }: Scene): Promise<boolean> {
  const topics = [
    ownTopics(pipeline.source).commits,
    ...pipeline.tables.slice(0, 1).map(({ topic }) => topic),
  ];
  const open = topics.map(async (topic) => {
    const ends = await admin.offsets(topic, "end");
    const stable = await admin.offsets(topic, "stable-end");
    return ends.some((end, partition) => end > (stable[partition] ?? 0));
  });
  return (await Promise.all(open)).includes(true);
}
