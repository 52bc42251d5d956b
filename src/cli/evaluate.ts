/** `loanstream evaluate`: how well a score tells labelled records apart. */

import { usageError } from "../config/flags.ts";
import { settingLines } from "../config/help.ts";
import { readSettings } from "../config/settings.ts";
import { embeddedEngine } from "../engine/embedded/engine.ts";
import { type Evaluation, findScore, evaluate as measure, type ScoreColumn } from "../evaluate/evaluate.ts";
import { readRecords } from "../eventlog/files/read.ts";
import type { Command } from "./command.ts";
import { pipelineFrom } from "./pipeline-option.ts";

export const evaluate: Command = {
  name: "evaluate",
  summary: "Measure a score against labelled records: AUC and KS",
  usage: `
Usage: loanstream evaluate FILE… --label FIELD --positive VALUE [--table NAME] [--score COLUMN] [--json]
                           [SETTING…]

FILE is as for analyze. Each record holds its own label; no model needs to know it.

  --label FIELD     the record's field that holds the label, as a dotted path
  --positive VALUE  the label of the class that is looked for, such as a bad loan; any other is the other class
  --table NAME      a table of rows with a scorecard's score and _position (default: the only one)
  --score COLUMN    the score's column (default: the only one)
  --json            print the measures as one JSON object

${settingLines("evaluate")}

AUC is the chance that, of a positive and another record, the positive one is scored as the riskier, ties counted
half: 0.5 says nothing, 1 separates them. KS is the greatest distance between the classes' distributions.
`,
  async run(args) {
    const {
      settings,
      flags: values,
      positionals,
    } = readSettings("evaluate", args, {
      allowPositionals: true,
      options: {
        label: { type: "string" },
        positive: { type: "string" },
        table: { type: "string" },
        score: { type: "string" },
        json: { type: "boolean" },
      },
    });
    if (positionals.length === 0) throw usageError("evaluate", "no file is named");
    if (values.label === undefined) throw usageError("evaluate", "--label is missing");
    if (values.positive === undefined) throw usageError("evaluate", "--positive is missing");
    const pipeline = pipelineFrom(settings.pipeline);
    const score = findScore(pipeline, values);
    const source = { format: pipeline.source.format, leaves: pipeline.schema.leaves, stdin: process.stdin };
    const label = { path: values.label, positive: values.positive };
    const input = readRecords(positionals, source);
    const measured = await measure(embeddedEngine, pipeline, input, score, label);
    process.stdout.write(values.json ? asJson(score, measured) : asText(score, label.positive, measured));
    return 0;
  },
};

function asJson(score: ScoreColumn, measured: Evaluation): string {
  return `${JSON.stringify({ ...score, ...measured })}\n`;
}

function asText({ table, column, direction }: ScoreColumn, positive: string, measured: Evaluation): string {
  const { positives, negatives, unlabelled, unscored, dead } = measured;
  const lines = [
    `${table}.${column}, ${direction.replaceAll("_", " ")}`,
    `  ${positive.padEnd(8)} ${positives}`,
    `  other    ${negatives}`,
    `  AUC      ${measured.auc?.toFixed(4)}`,
    `  KS       ${measured.ks?.toFixed(4)}`,
  ];
  const left = Object.entries({ unlabelled, unscored, dead }).filter(([, count]) => count > 0);
  if (left.length > 0) lines.push(`  left out: ${left.map(([why, count]) => `${count} ${why}`).join(", ")}`);
  return `${lines.join("\n")}\n`;
}
