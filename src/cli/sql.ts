/** `loanstream sql`: a model as Spark SQL, or its typed plan. */

import { usageError } from "../config/flags.ts";
import { settingLines } from "../config/help.ts";
import { readSettings } from "../config/settings.ts";
import { fail } from "../errors.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { batchSource, dataFrameText, streamSource } from "../pipeline/spark-source.ts";
import type { Alias } from "../sql/plan.ts";
import { renderPlan } from "../sql/render/plan.ts";
import { quoteName, renderModel } from "../sql/render/spark.ts";
import { suggest } from "../suggest.ts";
import type { Command } from "./command.ts";
import { pipelineFrom } from "./pipeline-option.ts";

export const sql: Command = {
  name: "sql",
  summary: "Print a model as Spark SQL, or its plan",
  usage: `
Usage: loanstream sql MODEL [--batch | --plan] [SETTING…]

Prints the views of a stream and the model's query over them; the two steps that Spark has no SQL for, the watermark
and the dedupe, stand among them as calls on a DataFrame.

  --batch  one query that runs as it is, given raw(value STRING, partition INT, position BIGINT, ingest_time TIMESTAMP)
           of one partition
  --plan   the typed plan: operators from the table down to the source, columns with types and ranges

${settingLines("sql")}
`,
  async run(args) {
    const { settings, flags, positionals } = readSettings("sql", args, {
      allowPositionals: true,
      options: { batch: { type: "boolean" }, plan: { type: "boolean" } },
    });
    const [name, ...more] = positionals;
    if (name === undefined || more.length > 0) throw usageError("sql", "one model is to be named");
    if (flags.batch && flags.plan) throw usageError("sql", "--batch and --plan ask for different things");
    const pipeline = pipelineFrom(settings.pipeline);
    const model = modelNamed(pipeline, name);
    const text = flags.plan
      ? renderPlan(model)
      : flags.batch
        ? batchText(pipeline, model)
        : streamText(pipeline, model);
    process.stdout.write(`${text}\n`);
    return 0;
  },
};

function modelNamed({ models }: Pipeline, name: string): Alias {
  const model = models.get(name);
  if (model) return model;
  throw fail("model.unknown", `there is no model ${name}`, `${suggest(name, [...models.keys()])}.`);
}

function batchText(pipeline: Pipeline, model: Alias): string {
  return renderModel(
    model,
    batchSource(pipeline).map((view) => `${quoteName(view.name)} AS (\n${view.sql}\n)`),
  );
}

function streamText(pipeline: Pipeline, model: Alias): string {
  const steps = streamSource(pipeline).map(({ name, sql: text, dataFrame }) =>
    dataFrame === null
      ? `CREATE OR REPLACE TEMP VIEW ${quoteName(name)} AS\n${text};`
      : `-- On a DataFrame, for Spark has no SQL for it: spark.${dataFrameText(dataFrame)}.createOrReplaceTempView("${name}")`,
  );
  return [...steps, `${renderModel(model)};`].join("\n\n");
}
