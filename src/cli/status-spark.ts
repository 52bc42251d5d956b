/** `loanstream status --engine spark`: the queries that were started from a data directory. */
import { findApp, lookAtApp } from "../engine/spark/app/lookup.ts";
import { createTally } from "../engine/spark/app/watch.ts";
import { exitCodeOf, sparkJson, sparkLines, UNCOUNTED } from "./spark-view.ts";

/** Exit code 1 where a query doesn't run. */
export async function statusOnSpark(dataDirectory: string, json: boolean): Promise<number> {
  const found = findApp(dataDirectory);
  if (found === null) {
    process.stderr.write(
      `Nothing was started on Spark from ${dataDirectory}; "loanstream run --engine spark" begins.\n`,
    );
    return 1;
  }
  const view = await lookAtApp(found, createTally());
  const watchedBy = found.watched ? found.record.pid : null;
  const lines = [
    ...sparkLines(view, Date.now()),
    "",
    watchedBy === null
      ? "No process watches over them: an hour after nobody asked, Spark 3.5 stops them."
      : `Process ${watchedBy} watches over them.`,
    UNCOUNTED,
  ];
  process.stdout.write(
    json ? `${JSON.stringify({ ...sparkJson(view), watchedBy })}\n` : `${lines.join("\n")}\n`,
  );
  return exitCodeOf(view);
}
