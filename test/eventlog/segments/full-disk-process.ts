/** Run as a process of its own: `fill DIR` appends until the log takes no more, `reopen DIR` tells what is there. */
import { Buffer } from "node:buffer";
import { LoanstreamError } from "../../../src/errors.ts";
import type { EventLog } from "../../../src/eventlog/event-log.ts";
import { nodeDirectory } from "../../../src/eventlog/segments/segment-file.ts";
import { openSegmentLog } from "../../../src/eventlog/segments/segment-log.ts";
import { append, readAll, textsOf } from "../../conformance/event-log.ts";

const [mode, path] = process.argv.slice(2);
if (path === undefined) throw new Error("name a directory");
const log = await openSegmentLog(await nodeDirectory(path), { segmentBytes: 100_000 });
const told = mode === "fill" ? await fill(log) : { texts: textsOf(await readAll(log)) };
if (mode === "reopen") await log.append(append(["another"]));
await log.close();
process.stdout.write(`${JSON.stringify({ ...told, end: log.end() })}\n`);

async function fill(filled: EventLog): Promise<{ acknowledged: string[]; errors: string[] }> {
  const acknowledged: string[] = [];
  const errors: string[] = [];
  for (let i = 0; errors.length < 2; i++) {
    const texts = [`${i}a`, `${i}b`].map((text) => text.padEnd(701, "."));
    try {
      await filled.append({ records: texts.map((text) => Buffer.from(text)), ingestTimeMs: i });
      acknowledged.push(...texts);
    } catch (error) {
      errors.push(error instanceof LoanstreamError ? error.message : String(error));
    }
  }
  return { acknowledged, errors };
}
