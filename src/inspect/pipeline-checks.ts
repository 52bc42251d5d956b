/** The pipeline, and whether it fits the events. */
import { misfit } from "../generator/misfit.ts";
import { counted } from "../output/quantities.ts";
import { type Check, failed, ok } from "./check.ts";
import { resultOf, type Subject, valueIn } from "./subject.ts";

export const pipelineChecks: readonly Check<Subject>[] = [
  {
    name: "pipeline",
    async run({ pipeline, pipelineDirectory }) {
      const { models, tables, alerts } = resultOf(pipeline);
      const counts = [
        counted(models.size, "model"),
        counted(tables.length, "table"),
        counted(alerts.length, "alert"),
      ];
      return [ok(`${pipelineDirectory}: ${counts.join(", ")}`)];
    },
  },
  {
    name: "generator",
    async run({ settings, pipeline }) {
      const compiled = valueIn(pipeline);
      if (compiled === null) return [];
      const fault = misfit(compiled.schema);
      if (fault === null) return [ok("its events fit the pipeline's schema")];
      const { path, reason } = fault;
      if (!settings.generator) return [ok("it is off; its events wouldn't fit the schema")];
      return [
        failed(
          `its events don't fit the pipeline's schema: ${path} ${reason}`,
          "Set generator: false, or start with --no-generator: your own events come in over HTTP or from files.",
        ),
      ];
    },
  },
];
