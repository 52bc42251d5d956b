/** What is kept of an application on Spark, beside its checkpoints: `DATA/spark/`. */
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import { makeDirectories } from "../../../directories.ts";
import { type Diagnostic, fail } from "../../../errors.ts";
import type { Pipeline } from "../../../pipeline/pipeline.ts";
import type { Counted } from "./count.ts";

export interface AppRecord {
  /** By this the checkpoints know whose they are. */
  readonly application: string;
  /** `sc://host:port`, with its token. */
  readonly remote: string;
  readonly sessionId: string;
  /** Where the events come from. */
  readonly topic: string;
  /** The folder of all checkpoints, as the server sees it. */
  readonly checkpoints: string;
  /** By name. */
  readonly queries: Readonly<Record<string, QueryRecord>>;
  /** Those that the pipeline no longer has; their checkpoints stay. */
  readonly former: Readonly<Record<string, QueryRecord>>;
  /** Of the process that watches over the queries; null where none does. */
  readonly pid: number | null;
}

export interface QueryRecord {
  /** Of how often it was begun anew; each has a checkpoint of its own. */
  readonly generation: number;
  /** Hash of all that it was started with. */
  readonly text: string;
  /** Hash of what its checkpoint can't do otherwise. */
  readonly state: string;
  /** Tables, alerts and such that it sends. */
  readonly outputs: readonly string[];
  /** Of the batches that a process which watches over it has looked at. */
  readonly counted: Counted;
  /** What it died of; null of one that runs or was stopped. */
  readonly failure: Diagnostic | null;
  /** Of the run that was started last; null where it was stopped. */
  readonly run: { readonly id: string; readonly runId: string } | null;
}

export const sparkDirectory = (dataDirectory: string): string => join(dataDirectory, "spark");

const RECORD = "app.json";
const PIPELINE = "pipeline.bin";

export const newRecord = (remote: string, topic: string, checkpoints: string): AppRecord => ({
  application: randomUUID(),
  remote,
  sessionId: randomUUID(),
  topic,
  checkpoints,
  queries: {},
  former: {},
  pid: null,
});

export function readRecord(directory: string): AppRecord | null {
  const file = join(directory, RECORD);
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : null;
}

export const writeRecord = (directory: string, record: AppRecord): void =>
  writeWhole(join(directory, RECORD), `${JSON.stringify(record, null, 1)}\n`);

/** The pipeline that the queries were started with. */
export function readPipeline(directory: string): Pipeline | null {
  const file = join(directory, PIPELINE);
  return existsSync(file) ? deserialize(readFileSync(file)) : null;
}

export const writePipeline = (directory: string, pipeline: Pipeline): void =>
  writeWhole(join(directory, PIPELINE), serialize(pipeline));

/** For this user alone. */
export function makeSparkDirectory(directory: string): void {
  try {
    makeDirectories(directory, 0o700);
  } catch {
    const remedy = "Name a directory that can be written to by --data-dir.";
    throw fail("file.unwritable", "the directory can't be made", remedy, { file: directory });
  }
}

/** Written whole or not at all. */
function writeWhole(path: string, content: string | Uint8Array): void {
  const unfinished = `${path}.part`;
  rmSync(unfinished, { force: true });
  writeFileSync(unfinished, content, { mode: 0o600, flag: "wx" });
  renameSync(unfinished, path);
}
