/** A broker and a Spark server of a benchmark's own, and a topic of generated events. */
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openAppSession } from "../../src/engine/spark/app/session.ts";
import type { SparkSession } from "../../src/engine/spark/connect/session.ts";
import { createGenerator } from "../../src/generator/generator.ts";
import { type KafkaAdmin, openAdmin } from "../../src/kafka/admin.ts";
import { type KafkaSettings, plainSettings } from "../../src/kafka/settings.ts";
import { loadPipeline } from "../../src/pipeline/load.ts";
import { wantedTopics } from "../../src/topics/wanted-topics.ts";
import { startKafka } from "../../stack/kafka.ts";
import { defaultCacheDir } from "../../stack/maven.ts";
import { sparkRelease } from "../../stack/spark/releases.ts";
import { LASTING_OPTIONS, startSpark } from "../../stack/spark.ts";
import { type Partitions, produceTo, spread } from "../../test/parity/stream-runs.ts";
import { javaBelow } from "./cpu.ts";

export const pipeline = loadPipeline(fileURLToPath(new URL("../../pipeline", import.meta.url)));

export interface PlaceOptions {
  readonly events: number;
  readonly eventsASecond: number;
  /** Spark's settings of the session, above those that the application gives it. */
  readonly conf: Readonly<Record<string, string>>;
  /** Java's, instead of those of a server that stays. */
  readonly java: readonly string[];
}

export interface Place {
  readonly settings: KafkaSettings;
  readonly admin: KafkaAdmin;
  readonly spark: SparkSession;
  /** Of Spark's Java. */
  readonly pid: number;
  /** The input. */
  readonly partitions: Partitions;
  /** A folder for checkpoints. */
  readonly directory: string;
  close(): Promise<void>;
}

const PARTITIONS = 2;
const START_MS = Date.UTC(2026, 0, 5, 12);
/** The events are as old as they say, and a broker deletes what is older than its topic keeps. */
const FOREVER = { "retention.ms": "-1" };

export async function openPlace(options: PlaceOptions): Promise<Place> {
  const directory = await mkdtemp(join(tmpdir(), "loanstream-bench-spark-"));
  const cacheDir = defaultCacheDir(process.env);
  const broker = await startKafka({ cacheDir, dataDir: join(directory, "broker") });
  const server = await startSpark({
    ...{ cacheDir, dataDir: join(directory, "spark"), release: sparkRelease(process.env.SPARK || "1") },
    java: options.java.length === 0 ? LASTING_OPTIONS : options.java,
  });
  const settings = plainSettings([broker.bootstrap]);
  const admin = await openAdmin(settings);
  const partitions = generated(options);
  await fill(settings, admin, partitions);
  const spark = await openAppSession(server.url, randomUUID(), options.conf);
  return {
    ...{ settings, admin, spark, partitions, directory, pid: javaBelow(server.pid) },
    async close() {
      await spark.close();
      await admin.close();
      await server.stop();
      await broker.stop();
      await rm(directory, { recursive: true });
    },
  };
}

function generated({ events, eventsASecond }: PlaceOptions): Partitions {
  const stream = createGenerator({ seed: 5, startMs: START_MS, ratePerSecond: eventsASecond });
  const log = stream.take(events).map(({ json, arrivalMs }) => ({ text: json, ingestTimeMs: arrivalMs }));
  return spread([...log], PARTITIONS);
}

async function fill(settings: KafkaSettings, admin: KafkaAdmin, partitions: Partitions): Promise<void> {
  const { topic } = pipeline.source;
  const outputs = wantedTopics(pipeline).filter(({ name }) => name !== topic);
  await admin.create([...outputs, { name: topic, partitions: PARTITIONS, replication: 1, configs: FOREVER }]);
  await produceTo(settings, topic, partitions, START_MS);
}
