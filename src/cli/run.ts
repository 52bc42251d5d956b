/** `loanstream run`: generated applications, and files, through the log and the engine into tables, shown live. */
import { join } from "node:path";
import { settingLines } from "../config/help.ts";
import { STORE_FILE } from "../store/sqlite-store.ts";
import type { Command } from "./command.ts";
import { ledgerText } from "./ledger-text.ts";
import { readRun, runOptions } from "./run-options.ts";
import { stream } from "./run-stream.ts";

export const run: Command = {
  name: "run",
  summary: "Stream applications through the pipeline, with live tables in the terminal and on a page",
  usage: `
Usage: loanstream run [--events N] [--backfill FILE…] [SETTING…]
       loanstream run --engine spark [--detach | --stop | --restart] [--anew] [SETTING…]

Generates applications, appends them to the log, and keeps the pipeline's tables in DIR/loanstream.sqlite, where any
SQLite client can read them meanwhile. A page at http://HOST:PORT shows them. The first start begins with the last
hours as they would have been, a later one with what came between; then events come as their time does. Ctrl-C drains:
what was acknowledged is taken in, and the ledger is printed. Twice ends at once, and nothing acknowledged is lost.

With --broker kafka the log is the topic that pipeline.yaml names by source.topic, and rows, alerts, late and dead events
go to their topics, each once; "loanstream topics create" makes them. Only one runs under an application id.

With --engine spark the pipeline runs as streaming queries on Spark, from Kafka to Kafka, and this process watches over
them: what a server that is lost took with it is started again once it is back. Ctrl-C stops them. Where they run already,
they are shown. After a change of the pipeline only the queries that it touches start again.

  --detach           leave a process behind that watches over the queries
  --stop             stop the queries, and the process that watches over them
  --restart          stop them, then start them from where they were
  --anew             begin queries anew whose checkpoint can't take a change of the pipeline
  --events N         end after so many live events; those of the past aren't counted
  --backfill FILE…   take in the records of files first: NDJSON, CSV or Parquet, in order of arrival. What stopped
                     within a file goes on there when it is given again; a file that is in isn't taken in twice, and
                     of one that has grown since only what is new; not with --broker kafka

${settingLines("run")}
`,
  async run(args) {
    const read = readRun(args);
    if (read.settings.engine === "spark")
      return (await import("./run-spark.ts")).runOnSpark(read.settings, read.flags, args);
    const options = runOptions(read);
    const ledger = await stream(options);
    if (ledger === null) {
      process.stderr.write("Ended before a broker was there: nothing was taken in.\n");
      return 0;
    }
    process.stdout.write(`${ledgerText(ledger).join("\n")}\n`);
    process.stderr.write(`Tables: ${join(options.dataDirectory, STORE_FILE)}\n`);
    return 0;
  },
};
