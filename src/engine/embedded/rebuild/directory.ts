/** A rebuild over a data directory, which no other process may run on meanwhile. */
import { join } from "node:path";
import { EMBEDDED, onePartition } from "../../../eventlog/one-partition.ts";
import { nodeDirectory } from "../../../eventlog/segments/segment-file.ts";
import { openSegmentLog } from "../../../eventlog/segments/segment-log.ts";
import { openSegmentReader } from "../../../eventlog/segments/segment-reader.ts";
import type { Pipeline } from "../../../pipeline/pipeline.ts";
import { openStoreToRebuild } from "../../../store/sqlite-store.ts";
import { type Rebuild, type RebuildParts, rebuild } from "./rebuild.ts";

export interface DirectoryRebuild extends Pick<RebuildParts, "fromMs" | "nowMs" | "along"> {
  readonly directory: string;
  readonly pipeline: Pipeline;
  /** Names of tables of the pipeline. */
  readonly tables: ReadonlySet<string>;
}

export interface RebuildOutcome extends Rebuild {
  /** What the user should know of how the pipeline has changed, a line each. */
  readonly notices: readonly string[];
}

/** Throws `store.in-use`, `store.pipeline-changed`, `store.other-log`, and what `rebuild` throws. */
export async function rebuildDirectory({
  directory,
  pipeline,
  tables: names,
  ...parts
}: DirectoryRebuild): Promise<RebuildOutcome> {
  const opened = openStoreToRebuild(directory, pipeline, names);
  const tables = pipeline.tables.filter(({ name }) => names.has(name));
  try {
    opened.store.belongsTo(EMBEDDED);
    const log = onePartition(await openSegmentLog(await nodeDirectory(join(directory, "log"))), EMBEDDED);
    try {
      const reader = await openSegmentReader(join(directory, "log"));
      try {
        const done = await rebuild({ ...parts, pipeline, tables, opened, log, reader });
        return { ...done, notices: opened.store.change?.notices ?? [] };
      } finally {
        await reader.close();
      }
    } finally {
      await log.close();
    }
  } finally {
    opened.store.close();
  }
}
