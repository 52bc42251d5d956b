/** Every command by name. Modules load only when they are asked for, so that `--help` is immediate. */
import type { Command } from "./command.ts";

export interface CommandEntry {
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

export const commands: ReadonlyMap<string, CommandEntry> = new Map<string, CommandEntry>([
  [
    "run",
    {
      summary: "Stream applications through the pipeline, with live tables in the terminal and on a page",
      load: async () => (await import("./run.ts")).run,
    },
  ],
  [
    "analyze",
    {
      summary: "Run the pipeline over files and write its tables",
      load: async () => (await import("./analyze.ts")).analyze,
    },
  ],
  [
    "generate",
    {
      summary: "Write made-up loan applications as NDJSON or to Kafka, the same bytes for the same seed",
      load: async () => (await import("./generate.ts")).generate,
    },
  ],
  [
    "evaluate",
    {
      summary: "Measure a score against labelled records: AUC and KS",
      load: async () => (await import("./evaluate.ts")).evaluate,
    },
  ],
  [
    "topics",
    {
      summary: "List the topics: what each holds, how much, since when; make and delete them on Kafka",
      load: async () => (await import("./topics.ts")).topics,
    },
  ],
  [
    "consume",
    {
      summary: "Follow a topic: events, rows of tables, alerts",
      load: async () => (await import("./consume.ts")).consume,
    },
  ],
  [
    "dlq",
    {
      summary: "List dead letters, and try repaired ones again",
      load: async () => (await import("./dlq.ts")).dlq,
    },
  ],
  [
    "rebuild",
    {
      summary: "Compute tables anew from the stored log: after a change, or for what came late",
      load: async () => (await import("./rebuild.ts")).rebuild,
    },
  ],
  [
    "why",
    {
      summary: "Tell all that is known of one application: events, scores and reasons, groups, alerts",
      load: async () => (await import("./why.ts")).why,
    },
  ],
  [
    "init",
    {
      summary: "Make a folder with a pipeline to change: models, tests, scorecards",
      load: async () => (await import("./init.ts")).init,
    },
  ],
  [
    "check",
    {
      summary: "Type-check a pipeline folder",
      load: async () => (await import("./check.ts")).check,
    },
  ],
  [
    "test",
    {
      summary: "Run the tests of a pipeline's models",
      load: async () => (await import("./test.ts")).test,
    },
  ],
  [
    "sql",
    {
      summary: "Print a model as Spark SQL, or its plan",
      load: async () => (await import("./sql.ts")).sql,
    },
  ],
  [
    "schema",
    {
      summary: "Print JSON Schema of the tables' rows, or AsyncAPI of all topics",
      load: async () => (await import("./schema.ts")).schema,
    },
  ],
  [
    "config",
    {
      summary: "Show the settings that hold, and where each came from",
      load: async () => (await import("./config.ts")).config,
    },
  ],
  [
    "status",
    {
      summary: "Show what goes on in a data directory: log, tables, lag, alerts",
      load: async () => (await import("./status.ts")).status,
    },
  ],
  [
    "doctor",
    {
      summary: "Check machine, settings, pipeline and data directory, and say what to do",
      load: async () => (await import("./doctor.ts")).doctor,
    },
  ],
]);
