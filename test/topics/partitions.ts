/** Readers of a log of several partitions, each of which is a log of segments. */
import { Buffer } from "node:buffer";
import { after } from "node:test";
import type { LogReader } from "../../src/eventlog/event-log.ts";
import { nodeDirectory } from "../../src/eventlog/segments/segment-file.ts";
import { openSegmentLog } from "../../src/eventlog/segments/segment-log.ts";
import { openSegmentReader } from "../../src/eventlog/segments/segment-reader.ts";
import { newPath } from "../engine/embedded/thread/small-run.ts";

export type Came = readonly [json: string, ingestTimeMs: number];

export function partitionsOf(records: readonly (readonly Came[])[]): Promise<readonly LogReader[]> {
  return Promise.all(records.map(readerOf));
}

async function readerOf(records: readonly Came[], partition: number): Promise<LogReader> {
  const directory = newPath();
  const log = await openSegmentLog(await nodeDirectory(directory));
  for (const [json, ingestTimeMs] of records)
    await log.append({ records: [Buffer.from(json)], ingestTimeMs });
  await log.close();
  const reader = await openSegmentReader(directory);
  after(() => reader.close());
  return {
    ...reader,
    async *read(from, to) {
      for await (const batch of reader.read(from, to)) yield { ...batch, partition };
    },
  };
}
