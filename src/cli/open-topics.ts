/** The topics that a command works with: those of the data directory, or Kafka's. */
import { kafkaSettings, type SettingsOnKafka } from "../config/kafka.ts";
import { formatDiagnostic } from "../errors.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { openDataTopics } from "../topics/embedded.ts";
import type { Topics } from "../topics/topics.ts";
import { nothingKept } from "./nothing-kept.ts";

export interface OpenTopics {
  readonly topics: Topics;
  /** What to say where nothing is kept in the data directory that is to be read; null where something is. */
  readonly missing: () => string | null;
}

type Settings = SettingsOnKafka & { readonly broker: string; readonly dataDir: string };

/** The Kafka client is loaded for Kafka alone. Throws what is wrong in its settings. The signal ends waiting for it. */
export async function openTopics(
  settings: Settings,
  pipeline: Pipeline,
  signal: AbortSignal,
): Promise<OpenTopics> {
  const { broker, dataDir } = settings;
  if (broker !== "kafka")
    return { topics: openDataTopics(dataDir, pipeline), missing: () => nothingKept(dataDir) };
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
  return { topics, missing: () => null };
}
