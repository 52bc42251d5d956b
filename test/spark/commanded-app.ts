/** A small pipeline on topics of its own, run by the commands as a user runs them. */
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { pipelineFrom } from "../../src/cli/pipeline-option.ts";
import { openAdmin } from "../../src/kafka/admin.ts";
import { ALERTS_TOPIC } from "../../src/pipeline/topic-names.ts";
import { topicsOf } from "../../src/topics/topic-list.ts";
import { loanstream } from "../cli/command-line.ts";
import { eventually, type Streams, streams, valuesIn } from "./kafka-streams.ts";

export interface CommandedApp extends Streams {
  readonly pipeline: string;
  readonly input: string;
  readonly output: string;
  readonly dataDirectory: string;
  readonly settings: readonly string[];
  run(...flags: string[]): ReturnType<typeof loanstream>;
  status(...flags: string[]): ReturnType<typeof loanstream>;
}

/** `plain`: rows with an id. `timed`: rows and a table of minutes. All rows go to one topic. */
export async function commandedApp(
  t: TestContext,
  folder: "plain" | "timed" = "plain",
  url?: string,
): Promise<CommandedApp | null> {
  const on = await streams(t, url);
  if (!on) return null;
  const [input, output] = [await on.kafka.topic(1), await on.kafka.topic(1)];
  const pipeline = copyPipeline(on, folder, { input, output });
  await makeOthers(on, pipeline);
  const dataDirectory = join(on.directory, "data");
  const settings = [
    ...[`--data-dir=${dataDirectory}`, `--pipeline=${pipeline}`],
    ...[`--spark-remote=${on.url}`, `--kafka-bootstrap=${on.bootstrap}`],
  ];
  const run = (...flags: string[]) => loanstream(["run", "--engine=spark", ...settings, ...flags]);
  const status = (...flags: string[]) =>
    loanstream(["status", "--engine=spark", `--data-dir=${dataDirectory}`, ...flags]);
  // A server of the test's own is gone by then.
  if (url === undefined)
    on.before(async () => {
      await run("--stop");
    });
  return { ...on, pipeline, input, output, dataDirectory, settings, run, status };
}

const FOLDERS = {
  plain: {
    path: fileURLToPath(new URL("../parity/plain", import.meta.url)),
    source: { event_id: "id" },
    tables: { rows: "append" },
  },
  timed: {
    path: fileURLToPath(new URL("timed", import.meta.url)),
    source: { event_id: "id", event_time: "at" },
    tables: { rows: "append", minutes: "update" },
  },
} as const;

function copyPipeline(
  { directory }: Streams,
  folder: keyof typeof FOLDERS,
  { input, output }: { readonly input: string; readonly output: string },
): string {
  const pipeline = join(directory, "pipeline");
  const { path, source, tables } = FOLDERS[folder];
  cpSync(path, pipeline, { recursive: true });
  const outputs = { all: { topic: output, tables } };
  const settings = { source: { ...source, topic: input }, outputs };
  writeFileSync(join(pipeline, "pipeline.yaml"), JSON.stringify(settings));
  return pipeline;
}

/** The topic of alerts is every pipeline's, and stays. */
async function makeOthers({ kafka, before }: Streams, directory: string): Promise<void> {
  const there = await kafka.admin.names();
  const names = topicsOf(pipelineFrom(directory)).map(({ name }) => name);
  const missing = names.filter((name) => !there.includes(name));
  await kafka.admin.create(missing.map((name) => ({ name, partitions: 1, replication: 1, configs: {} })));
  before(async () => {
    const admin = await openAdmin(kafka.settings);
    await admin.remove(missing.filter((name) => name !== ALERTS_TOPIC));
    await admin.close();
  });
}

export const sentRows = (on: CommandedApp, atLeast: number): Promise<readonly string[]> =>
  eventually(
    async () => (await valuesIn(on, on.output)).toSorted(),
    ({ length }) => length >= atLeast,
  );
