/** The log, and whether what is in it comes through. */
import { createScanner } from "../contract/scan.ts";
import type { EventSchema } from "../contract/schema.ts";
import type { LogReader } from "../eventlog/event-log.ts";
import { openLogReader } from "../eventlog/open-reader.ts";
import { count, counted, duration } from "../output/quantities.ts";
import { type Check, type Finding, failed, ok, warning } from "./check.ts";
import { type Subject, valueIn } from "./subject.ts";

const LAST_RECORDS = 1000;
const NOTABLE_SHARE = 0.05;
const MISMATCH_SHARE = 0.5;
/** Two clocks are never equal. */
const AHEAD_MS = 5000;
const BEHIND_MS = 10_000;

export const logChecks: readonly Check<Subject>[] = [
  { name: "log", run: (subject) => withLog(subject, checkSums) },
  {
    name: "positions",
    async run({ status }) {
      const found = valueIn(status);
      if (!found) return [];
      const { log, position, snapshot } = found;
      if (log.end < position)
        return [
          failed(
            `the log's records whose checksums hold end at position ${count(log.end)}, the tables hold what came up to ${count(position)}`,
            "Restore the log and the store from the same copy, or start with an empty data directory.",
          ),
        ];
      const needed = snapshot?.position ?? 0;
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
  const newestMs = await ingestTimeOf(log, (await log.end()) - 1);
  if (newestMs === null) return [];
  const ago = nowMs - newestMs;
  if (ago >= -AHEAD_MS) return [ok(`the newest record came ${duration(ago)} ago`)];
  return [
    failed(
      `the newest record came ${duration(-ago)} from now`,
      "Set this machine's clock: a record is dead whose time is more than an hour after it came.",
    ),
  ];
}

async function checkSchema(log: LogReader, { pipeline }: Subject): Promise<readonly Finding[]> {
  const compiled = valueIn(pipeline);
  const end = await log.end();
  const from = Math.max(await log.start(), end - LAST_RECORDS);
  if (compiled === null || from === end) return [];
  const { dead, why } = await deadFrom(log, from, compiled.schema);
  const found = `${count(dead)} of the last ${counted(end - from, "record")} ${dead === 1 ? "doesn't" : "don't"} fit the schema`;
  const share = dead / (end - from);
  if (share < NOTABLE_SHARE) return [ok(found)];
  const most = `${found}, most of them for ${why}`;
  return share < MISMATCH_SHARE
    ? [warning(most, `Look at them: "loanstream dlq list".`)]
    : [
        failed(
          `schema mismatch: ${most}`,
          'Correct schema.yaml, or who sends; "loanstream dlq list" shows more.',
        ),
      ];
}

async function deadFrom(log: LogReader, from: number, schema: EventSchema) {
  const scan = createScanner(schema);
  const reasons = new Map<string, number>();
  let dead = 0;
  for await (const batch of log.read(from)) {
    for (const { path, reason } of scan(batch).faults) {
      dead += 1;
      const why = `${path} ${reason}`;
      reasons.set(why, (reasons.get(why) ?? 0) + 1);
    }
  }
  const [most] = [...reasons].sort(([, a], [, b]) => b - a);
  return { dead, why: most?.[0] ?? "" };
}

/** How long the oldest record that isn't committed has waited. */
async function checkDelay(log: LogReader, { status, process, nowMs }: Subject): Promise<readonly Finding[]> {
  const found = valueIn(status);
  if (!found) return [];
  const { lag, position } = found;
  if (process === null)
    return [ok(lag === 0 ? "nothing waits" : `${counted(lag, "record")} to take in at the next start`)];
  const waitedMs = lag === 0 ? 0 : nowMs - ((await ingestTimeOf(log, position)) ?? nowMs);
  if (waitedMs < BEHIND_MS) return [ok(`${counted(lag, "record")} to take in`)];
  return [
    warning(
      `${counted(lag, "record")} to take in, the oldest for ${duration(waitedMs)}`,
      "Give it another core, send less, or wait: after a start or a backfill it catches up.",
    ),
  ];
}

async function ingestTimeOf(log: LogReader, position: number): Promise<number | null> {
  if (position < (await log.start())) return null;
  for await (const { ingestTimesMs } of log.read(position, position + 1)) return ingestTimesMs?.[0] ?? null;
  return null;
}
