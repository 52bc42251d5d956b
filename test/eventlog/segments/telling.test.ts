import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, it } from "node:test";
import { nodeDirectory } from "../../../src/eventlog/segments/segment-file.ts";
import { openSegmentLog } from "../../../src/eventlog/segments/segment-log.ts";
import { createLogger, parseLogLevels } from "../../../src/log.ts";

const scratch = mkdtempSync(join(tmpdir(), "loanstream-telling-"));
after(() => rmSync(scratch, { recursive: true }));

it("the log tells of segments begun and removed, at debug", async () => {
  const lines: string[] = [];
  const levels = parseLogLevels("warn,log=debug");
  const settings = { levels, terminal: true, nowMs: () => 0, write: (line: string) => lines.push(line) };
  let nowMs = 0;
  const log = await openSegmentLog(await nodeDirectory(scratch), {
    segmentBytes: 1,
    retention: { retentionMs: 1000, maxBytes: null, nowMs: () => nowMs },
    logger: createLogger("log", settings),
  });
  for (const ingestTimeMs of [0, 1]) await log.append({ records: [Buffer.from("{}")], ingestTimeMs });
  nowMs = 1000;
  await log.release(1);
  await log.close();
  assert.deepEqual(lines, [
    "00:00:00 debug log: segment begun position=1\n",
    "00:00:00 debug log: segments removed count=1 start=1\n",
  ]);
});
