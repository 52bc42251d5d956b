/** `loanstream status --engine spark`: the queries that were started from a data directory. */
import { findApp, lookAtApp } from "../engine/spark/app/lookup.ts";
import type { AppView, QueryState } from "../engine/spark/app/watch.ts";
import { exitCodeOf, sparkJson, sparkLines } from "./spark-view.ts";

/** Exit code 1 where a query has died or was lost, and where nothing was ever started. */
export async function statusOnSpark(dataDirectory: string, json: boolean): Promise<number> {
  const found = findApp(dataDirectory);
  if (found === null) {
    process.stderr.write(
      `Nothing was started on Spark from ${dataDirectory}; "loanstream run --engine spark" begins.\n`,
    );
    return 1;
  }
  const view = await lookAtApp(found);
  const watchedBy = found.watched ? found.record.pid : null;
  const watched = watchedBy === null ? unwatched(view) : `Process ${watchedBy} watches over them.`;
  const nowMs = Date.now();
  process.stdout.write(
    json
      ? `${JSON.stringify({ ...sparkJson(view, nowMs), watchedBy })}\n`
      : `${[...sparkLines(view, nowMs), "", watched].join("\n")}\n`,
  );
  return exitCodeOf(view);
}

function unwatched({ queries }: AppView): string {
  const has = (wanted: QueryState) => queries.some(({ state }) => state === wanted);
  if (has("running"))
    return "No process watches over them: Spark stops them an hour after it was last asked for them, unless it is set to wait.";
  if (has("lost")) return "No process watches over them: the next start makes them run again.";
  return "None runs: the next start goes on from there.";
}
