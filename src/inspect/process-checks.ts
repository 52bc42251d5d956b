/** The process that holds the tables. */
import { count } from "../output/quantities.ts";
import { type Check, failed, ok, warning } from "./check.ts";
import { type Subject, valueIn } from "./subject.ts";

export const processChecks: readonly Check<Subject>[] = [
  {
    name: "process",
    async run({ process, readiness }) {
      if (process === null) return [ok("none runs on the data directory")];
      if (process.url === null) {
        const remedy = "Wait until it has started; else look at its messages, and end it.";
        return [warning("one runs on the data directory and answers nobody", remedy)];
      }
      const failure = readiness?.failure ?? null;
      if (failure !== null) return [failed(`${process.pid} has stopped: ${failure.message}`, failure.remedy)];
      return [ok(`${process.pid} runs on the data directory, at ${process.url}`)];
    },
  },
  {
    name: "trigger",
    async run({ readiness, pipeline }) {
      const tookMs = readiness?.slowestTriggerMs ?? null;
      const triggerMs = valueIn(pipeline)?.triggerMs ?? null;
      if (tookMs === null || triggerMs === null) return [];
      const found = `the slowest of the last minute took ${count(Math.ceil(tookMs))} of ${count(triggerMs)} ms`;
      if (tookMs <= triggerMs) return [ok(found)];
      return [
        warning(
          `overrun: ${found}`,
          "Raise trigger in pipeline.yaml, or give it another core; fewer groups and shorter windows put out less at each.",
        ),
      ];
    },
  },
];
