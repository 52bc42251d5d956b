/** The topics that a command works with: those of the data directory, or Kafka's. */
import { existsSync } from "node:fs";
import { kafkaSettings, type SettingsOnKafka } from "../config/kafka.ts";
import { formatDiagnostic } from "../errors.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { openDataTopics } from "../topics/embedded.ts";
import type { Topics } from "../topics/topics.ts";

export interface OpenTopics {
  readonly topics: Topics;
  /** The data directory, where it is to be read and isn't there yet. */
  readonly place: () => string | null;
}

type Settings = SettingsOnKafka & { readonly broker: string; readonly dataDir: string };

/** The Kafka client is loaded for Kafka alone. Throws what is wrong in its settings. The signal ends waiting for it. */
export async function openTopics(
  settings: Settings,
  pipeline: Pipeline,
  signal: AbortSignal,
): Promise<OpenTopics> {
  const { broker, dataDir } = settings;
  if (broker !== "kafka") {
    const place = () => (existsSync(dataDir) ? null : dataDir);
    return { topics: openDataTopics(dataDir, pipeline), place };
  }
  const { openKafkaTopics } = await import("../topics/kafka.ts");
  const told = new Set<string>();
  const topics = openKafkaTopics(kafkaSettings(settings), {
    pipeline,
    signal,
    onTrouble({ diagnostics: [trouble] }) {
      const line = formatDiagnostic(trouble);
      if (!told.has(line)) process.stderr.write(`${line}\n`);
      told.add(line);
    },
  });
  return { topics, place: () => null };
}
