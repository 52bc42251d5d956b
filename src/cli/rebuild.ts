/** `loanstream rebuild`: tables made anew from the stored log. */
import { join } from "node:path";
import { usageError } from "../config/flags.ts";
import { settingLines } from "../config/help.ts";
import { readSettings } from "../config/settings.ts";
import { type RebuildOutcome, rebuildDirectory } from "../engine/embedded/rebuild/directory.ts";
import { fail } from "../errors.ts";
import { EMBEDDED } from "../eventlog/one-partition.ts";
import { committedProgress } from "../inspect/status.ts";
import { count } from "../output/quantities.ts";
import { dateAndTime } from "../output/time-text.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { ANEW_FROM_TOPIC } from "../store/anew.ts";
import { refuseOtherLog } from "../store/other-log.ts";
import type { ReplacedRows, ReplacedWindows } from "../store/replace-rows.ts";
import { STORE_FILE } from "../store/sqlite-store.ts";
import { suggest } from "../suggest.ts";
import type { Command } from "./command.ts";
import { nothingKept } from "./nothing-kept.ts";
import { pipelineFrom } from "./pipeline-option.ts";
import { createReadingProgress } from "./reading-progress.ts";
import { refuseSecond } from "./refuse-second.ts";

export const rebuild: Command = {
  name: "rebuild",
  summary: "Compute tables anew from the stored log: after a change, or for what came late",
  usage: `
Usage: loanstream rebuild TABLE… [--from T] [--json] [SETTING…]
       loanstream rebuild --all [--from T] [--json] [SETTING…]

Computes the tables from the records that the log still keeps, those that came late included, and puts the rows in
place of the stored ones: rows of events, and windows that have closed and of which the log has every event. Open
windows stay with the engine, and rows of before stay as they are. No alert is raised. Stop "loanstream run" first.
It reads the embedded log, no topic of Kafka.
docs/changing-a-pipeline.md tells when a table needs it.

  --all     every table of the pipeline
  --from T  only events and windows from this time on, such as 2026-11-20 or 2026-11-20T10:00:00Z
  --json    print what was done as one JSON object

${settingLines("rebuild")}
`,
  async run(args) {
    const { settings, flags, positionals } = readSettings("rebuild", args, {
      allowPositionals: true,
      options: { all: { type: "boolean" }, from: { type: "string" }, json: { type: "boolean" } },
    });
    const pipeline = pipelineFrom(settings.pipeline);
    const tables = tablesNamed(pipeline, positionals, flags.all === true);
    const fromMs = flags.from === undefined ? null : readFrom(flags.from, pipeline);
    const missing = nothingKept(settings.dataDir);
    if (missing !== null) {
      process.stderr.write(`${missing}\n`);
      return 1;
    }
    refuseTopics(settings.dataDir);
    await refuseSecond(settings.dataDir);
    const outcome = await rebuildDirectory({
      directory: settings.dataDir,
      pipeline,
      tables,
      fromMs,
      nowMs: Date.now(),
      along: shownBatches(),
    });
    for (const notice of outcome.notices) process.stderr.write(`${notice}\n`);
    process.stdout.write(flags.json ? asJson(outcome) : asText(outcome, pipeline, fromMs));
    return 0;
  },
};

/** Throws `store.other-log`. */
function refuseTopics(dataDir: string): void {
  const remedy = `rebuild reads the embedded log alone; to have all tables computed anew from a topic, ${ANEW_FROM_TOPIC}.`;
  refuseOtherLog(committedProgress(dataDir).log, EMBEDDED, join(dataDir, STORE_FILE), remedy);
}

function tablesNamed(pipeline: Pipeline, names: readonly string[], all: boolean): ReadonlySet<string> {
  if (all === names.length > 0) throw usageError("rebuild", "name tables, or write --all");
  const known = pipeline.tables.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return new Set(all ? known : names);
  throw fail("usage.invalid", `the pipeline has no table ${unknown}`, `${suggest(unknown, known)}.`);
}

/** A zone is asked for, since without one the same command would mean another time on another machine. */
function readFrom(text: string, { source }: Pipeline): number {
  if (source.eventTime === null)
    throw usageError(
      "rebuild",
      "--from asks for event times, and source.event_time of this pipeline is left out",
    );
  const ms = /(Z|[+-]\d\d:\d\d)$|^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isFinite(ms)) return ms;
  throw usageError("rebuild", `--from takes a time such as 2026-11-20T10:00:00Z, not "${text}"`);
}

function shownBatches(): Parameters<typeof rebuildDirectory>[0]["along"] {
  return (batches) => {
    const screen = process.stderr.isTTY ? process.stderr : null;
    const progress = createReadingProgress({ totalBytes: null, screen, nowMs: Date.now });
    const counted = async function* () {
      for await (const batch of batches) {
        progress.addBytes(batch.bytes.length);
        yield batch;
      }
    };
    return progress.along(counted());
  };
}

function asJson({ tables, fromPosition, toPosition }: RebuildOutcome): string {
  const done = tables.map(({ table, same, changed, added, gone, windows }) => ({
    table,
    rows: { same, changed, new: added, gone },
    windows,
  }));
  return `${JSON.stringify({ from_position: fromPosition, to_position: toPosition, tables: done })}\n`;
}

function asText(
  { tables, fromPosition, toPosition }: RebuildOutcome,
  pipeline: Pipeline,
  fromMs: number | null,
) {
  const time = dateAndTime(pipeline.timeZone);
  const records = toPosition - fromPosition;
  const lines = [
    ...tables.flatMap((its) => tableLines(its, time, fromMs)),
    `Computed from ${count(records)} ${records === 1 ? "record" : "records"} of the log.`,
  ];
  return `${lines.join("\n")}\n`;
}

type Time = ReturnType<typeof dateAndTime>;

function tableLines(
  { table, same, changed, added, gone, windows }: ReplacedRows,
  time: Time,
  fromMs: number | null,
): readonly string[] {
  const differing = [
    ...(changed === 0 ? [] : [`${rowCount(changed)} changed`]),
    ...(added === 0 ? [] : [`${count(added)} new`]),
    ...(gone === 0 ? [] : [`${count(gone)} gone`]),
  ];
  const rows =
    differing.length === 0
      ? `all of ${rowCount(same)} the same`
      : [...differing, `${count(same)} the same`].join(", ");
  if (windows === null) return [`${table}: ${rows}`];
  return [`${table}: ${rebuiltText(windows, time)}: ${rows}`, ...leftLines(windows, fromMs)];
}

function rebuiltText({ rebuilt, from, to }: ReplacedWindows, time: Time): string {
  const many = `${windowCount(rebuilt)} rebuilt`;
  if (from === null || to === null) return many;
  return `${many} from ${time(Date.parse(from))} to ${time(Date.parse(to))}`;
}

function leftLines({ earlier, open }: ReplacedWindows, fromMs: number | null): readonly string[] {
  const why =
    fromMs === null
      ? "the log doesn't keep all of their events"
      : "they begin before --from, or the log keeps too little";
  return [
    ...(earlier === 0 ? [] : [`  ${windowCount(earlier)} left as they were: ${why}`]),
    ...(open === 0 ? [] : [`  ${windowCount(open)} still open: the next "loanstream run" goes on with them`]),
  ];
}

function rowCount(rows: number): string {
  return `${count(rows)} ${rows === 1 ? "row" : "rows"}`;
}

function windowCount(windows: number): string {
  return `${count(windows)} ${windows === 1 ? "window" : "windows"}`;
}
