/** A broker of a test file's own with the default pipeline's topics, and what a run on it is compared with. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { type KafkaAdmin, openAdmin } from "../../../src/kafka/admin.ts";
import { loadPipeline } from "../../../src/pipeline/load.ts";
import type { Pipeline } from "../../../src/pipeline/pipeline.ts";
import { wantedTopics } from "../../../src/topics/wanted-topics.ts";
import { type OwnBroker, ownKafka } from "../../kafka/broker.ts";
import { startTruth, type Truth } from "../../kafka/truth.ts";

export interface Scene {
  readonly broker: OwnBroker;
  /** `host:port`. */
  readonly bootstrap: string;
  readonly admin: KafkaAdmin;
  readonly truth: Truth;
  readonly pipelineDirectory: string;
  readonly pipeline: Pipeline;
  /** For whatever the test writes; removed behind it. */
  readonly scratch: string;
  /** Makes all topics anew. */
  empty(): Promise<void>;
}

export interface SceneSettings {
  /** Of the input. */
  readonly partitions: number;
  /** As `pipeline.yaml` writes it. */
  readonly delay: string;
}

/**
 * Triggers are frequent, so that every life of a process has some. The input bears its producer's times, so that what
 * is too far in the future is as the generator means it. Null where the test is skipped.
 */
export async function openScene(t: TestContext, settings: SceneSettings): Promise<Scene | null> {
  const broker = await ownKafka(t);
  if (broker === null) return null;
  const scratch = mkdtempSync(join(tmpdir(), "loanstream-kafka-faults-"));
  t.after(() => rmSync(scratch, { recursive: true }));
  const [bootstrap = ""] = broker.settings.bootstrap;
  const pipelineDirectory = frequentPipeline(scratch, settings);
  const pipeline = loadPipeline(pipelineDirectory);
  const admin = await openAdmin(broker.settings);
  t.after(() => admin.close());
  const asSent = { "message.timestamp.type": "CreateTime", "retention.ms": "-1" };
  const topics = wantedTopics(pipeline).map((topic) =>
    topic.kind === "input" ? { ...topic, configs: asSent } : topic,
  );
  await admin.create(topics);
  const truth = await startTruth(t, bootstrap);
  const empty = (): Promise<void> => admin.recreate(topics);
  return { broker, bootstrap, admin, truth, pipelineDirectory, pipeline, scratch, empty };
}

function frequentPipeline(scratch: string, { partitions, delay }: SceneSettings): string {
  const directory = join(scratch, "pipeline");
  cpSync(fileURLToPath(new URL("../../../pipeline", import.meta.url)), directory, { recursive: true });
  const file = join(directory, "pipeline.yaml");
  const changes = [
    ["delay: 60 seconds", `delay: ${delay}`],
    ["trigger: 1 second", "trigger: 100 milliseconds"],
    ["input: { partitions: 3 }", `input: { partitions: ${partitions} }`],
  ] as const;
  let text = readFileSync(file, "utf8");
  for (const [from, to] of changes) {
    if (!text.includes(from)) throw new Error(`pipeline.yaml has no "${from}" any more`);
    text = text.replace(from, to);
  }
  writeFileSync(file, text);
  return directory;
}
