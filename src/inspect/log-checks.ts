/** The log, and whether what is in it comes through. */
import type { RecordBatch } from "../engine/batch.ts";
import type { LogReader } from "../eventlog/event-log.ts";
import { openLogReader } from "../eventlog/open-reader.ts";
import { total } from "../eventlog/positions.ts";
import { count, counted, duration } from "../output/quantities.ts";
import { type Check, type Finding, failed, ok } from "./check.ts";
import { delayFinding } from "./lagging.ts";
import { ingestTimeAt, type LogOverview, type PartitionOverview } from "./log-overview.ts";
import { scanRecords, schemaFinding } from "./newest-records.ts";
import { resultOf, type Subject, valueIn } from "./subject.ts";

const LAST_RECORDS = 1000;
/** Two clocks are never equal. */
const AHEAD_MS = 5000;

export const logChecks: readonly Check<Subject>[] = [
  {
    name: "log",
    async run(subject) {
      resultOf(subject.log);
      return withLog(subject, checkSums);
    },
  },
  {
    name: "positions",
    async run({ status, log: overview }) {
      const found = valueIn(status);
      const log = wholeOf(valueIn(overview));
      if (!found || log === null) return [];
      const position = total(found.positions);
      if (log.end < position)
        return [
          failed(
            `the log's records whose checksums hold end at position ${count(log.end)}, the tables hold what came up to ${count(position)}`,
            "Restore the log and the store from the same copy, or start with an empty data directory.",
          ),
        ];
      const needed = total(found.snapshot?.positions ?? []);
      if (log.start > needed)
        return [
          failed(
            `the log begins at position ${count(log.start)}, and recovery needs it from ${count(needed)} on`,
            "Restore the log from a copy, or start with an empty data directory.",
          ),
        ];
      return [
        ok(
          `the log holds ${count(log.start)} to ${count(log.end)}, the tables what came up to ${count(position)}`,
        ),
      ];
    },
  },
  { name: "clock", run: (subject) => withLog(subject, checkClock) },
  { name: "schema", run: (subject) => withLog(subject, checkSchema) },
  { name: "delay", run: (subject) => withLog(subject, checkDelay) },
];

async function withLog(
  subject: Subject,
  look: (log: LogReader, subject: Subject) => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  const log = await openLogReader(subject.settings.dataDir);
  if (log === null) return [];
  try {
    return await look(log, subject);
  } finally {
    await log.close();
  }
}

async function checkSums(log: LogReader): Promise<readonly Finding[]> {
  const { segments, newestRecords } = await log.check();
  return [
    ok(
      `${counted(segments, "segment")}; checksums of the last one's ${counted(newestRecords, "record")} hold`,
    ),
  ];
}

async function checkClock(log: LogReader, { nowMs }: Subject): Promise<readonly Finding[]> {
  const [start, end] = [await log.start(), await log.end()];
  const newestMs = start === end ? null : await ingestTimeAt(log, end - 1);
  return newestMs === null ? [] : [clockFinding(newestMs, nowMs)];
}

/** Whether what came last came before now. */
export function clockFinding(newestMs: number, nowMs: number): Finding {
  const ago = nowMs - newestMs;
  if (ago >= -AHEAD_MS) return ok(`the newest record came ${duration(ago)} ago`);
  return failed(
    `the newest record came ${duration(-ago)} from now`,
    "Set this machine's clock: a record is dead whose time is more than an hour after it came.",
  );
}

async function checkSchema(log: LogReader, { pipeline }: Subject): Promise<readonly Finding[]> {
  const compiled = valueIn(pipeline);
  const end = await log.end();
  const from = Math.max(await log.start(), end - LAST_RECORDS);
  if (compiled === null || from === end) return [];
  const batches: RecordBatch[] = [];
  for await (const batch of log.read(from)) batches.push(batch);
  return [schemaFinding(scanRecords(batches, compiled))];
}

async function checkDelay(
  log: LogReader,
  { log: overview, process, nowMs }: Subject,
): Promise<readonly Finding[]> {
  const found = wholeOf(valueIn(overview));
  if (found === null) return [];
  const { start, committed, lag } = found;
  const oldestMs = lag === 0 ? null : await ingestTimeAt(log, Math.max(start, committed));
  return [delayFinding({ records: lag, oldestMs }, process !== null, nowMs)];
}

/** Of an embedded log, which is one partition once it is there. */
function wholeOf(log: LogOverview | null): PartitionOverview | null {
  return log && (log.partitions[0] ?? { start: 0, end: 0, committed: 0, lag: 0 });
}
