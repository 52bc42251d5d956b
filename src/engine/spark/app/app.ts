/**
 * An application on Spark: the queries of a pipeline, which go on without this process. One process a data directory
 * watches over them; it makes run again what a server took with it, on the same checkpoints.
 */
import { join, resolve } from "node:path";
import { fail, hasCode } from "../../../errors.ts";
import { type DirectoryLock, lockDirectory } from "../../../store/directory-lock.ts";
import { shownAddress } from "../connect/address.ts";
import { connect } from "../connect/session.ts";
import { type Before, formerQueries, type Planned, planQueries } from "./change.ts";
import { sinkOptions, sourceOptions } from "./kafka-options.ts";
import {
  type AppRecord,
  makeSparkDirectory,
  newRecord,
  readPipeline,
  readRecord,
  sparkDirectory,
  writeRecord,
} from "./record.ts";
import { inSession, otherCheckpoint } from "./session.ts";
import type { Submission } from "./submit.ts";
import { type AppOptions, type SparkApp, supervise } from "./supervise.ts";

/**
 * Finds the queries that run, starts the others, and those anew that the pipeline has changed. Throws `store.in-use`,
 * `spark.pipeline-changed`, `spark.other-checkpoint`, `spark.unreachable`, `spark.version`, `spark.connector-missing`.
 */
export async function openApp(options: AppOptions): Promise<SparkApp> {
  const directory = sparkDirectory(options.dataDirectory);
  makeSparkDirectory(directory);
  const lock = lockDirectory(directory);
  try {
    return await open(options, directory, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function open(options: AppOptions, directory: string, lock: DirectoryLock): Promise<SparkApp> {
  const kept = readRecord(directory);
  // Whoever stops it before its queries run sends its signal to this process.
  if (kept !== null) writeRecord(directory, { ...kept, pid: process.pid });
  const checkpoints = options.checkpoints ?? resolve(join(directory, "checkpoints"));
  if (kept !== null) await refuseOther(kept, checkpoints, options);
  const { pipeline, remote } = options;
  const submission = submissionOf(options);
  const before = beforeOf(directory, kept);
  const planned = planOf(before, options, submission);
  const first = kept ?? newRecord(remote, pipeline.source.topic, checkpoints);
  const app = supervise({
    options,
    directory,
    lock,
    planned,
    former: formerQueries(before, planned),
    submission,
    record: { ...first, remote, pid: process.pid },
  });
  await app.begin();
  return app;
}

const beforeOf = (directory: string, kept: AppRecord | null): Before => ({
  pipeline: readPipeline(directory),
  queries: { ...kept?.former, ...kept?.queries },
});

function planOf(before: Before, options: AppOptions, submission: Submission): readonly Planned[] {
  const { pipeline, queries, conf, anew } = options;
  const { source, sink, triggerMs } = submission;
  return planQueries(before, { pipeline, queries, options: { source, sink, triggerMs, conf }, anew });
}

/** Names of the queries that a start would begin otherwise than they run. Throws `spark.pipeline-changed`. */
export function changedQueries(options: AppOptions): readonly string[] {
  const directory = sparkDirectory(options.dataDirectory);
  const before = beforeOf(directory, readRecord(directory));
  const planned = planOf(before, options, submissionOf(options));
  return planned.flatMap(({ changed, query }) => (changed ? [query.name] : []));
}

/** Throws what would keep `openApp` from starting the queries, as far as it is known while they run. */
export async function requireStartable(options: AppOptions): Promise<void> {
  changedQueries(options);
  const session = await connect(options.remote);
  await session.close();
}

function submissionOf({ pipeline, kafka, maxOffsets, models }: AppOptions): Submission {
  return {
    source: sourceOptions(kafka, pipeline.source.topic, maxOffsets),
    sink: sinkOptions(kafka),
    triggerMs: pipeline.triggerMs,
    models,
  };
}

async function refuseOther(
  kept: AppRecord,
  checkpoints: string,
  { pipeline, remote }: AppOptions,
): Promise<void> {
  if (kept.topic !== pipeline.source.topic)
    throw otherCheckpoint(
      kept.checkpoints,
      `they are of the topic ${kept.topic}, not ${pipeline.source.topic}`,
    );
  if (kept.checkpoints !== checkpoints)
    throw otherCheckpoint(checkpoints, `this data directory's are in ${kept.checkpoints}`);
  if (shownAddress(kept.remote) === shownAddress(remote) || !(await runsAt(kept))) return;
  throw fail(
    "spark.elsewhere",
    `the queries of this data directory run at ${shownAddress(kept.remote)}, not at ${shownAddress(remote)}`,
    "Stop them there with --stop, then start them here: they go on from their checkpoints.",
  );
}

/** Nothing runs where nothing answers, and of a session that is gone; any other failure says nothing of it. */
async function runsAt(record: AppRecord): Promise<boolean> {
  try {
    return await inSession(record, async ({ streaming }) => (await streaming.active()).length > 0);
  } catch (error) {
    if (hasCode(error, "spark.unreachable", "spark.session-lost")) return false;
    throw error;
  }
}
