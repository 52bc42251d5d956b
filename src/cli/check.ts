/** `loanstream check`: everything that is wrong with a pipeline folder. */

import { usageError } from "../config/flags.ts";
import { settingLines } from "../config/help.ts";
import { readSettings } from "../config/settings.ts";
import { type Diagnostic, formatDiagnostic } from "../errors.ts";
import { readPipelineFiles } from "../pipeline/files.ts";
import { compilePipeline } from "../pipeline/load.ts";
import { loadModelTests } from "../pipeline/testing/model-tests.ts";
import type { Command } from "./command.ts";
import { pipelineDirectory } from "./pipeline-option.ts";

export const check: Command = {
  name: "check",
  summary: "Type-check a pipeline folder",
  usage: `
Usage: loanstream check [--format text|github] [SETTING…]

Reads the schema, the settings, the scorecards, alerts, every model, its description and its tests (without running
them), and prints all that is wrong, with file, line and column. Exits with 2 if anything is.

  --format F  text, or github for annotations in a workflow's log

${settingLines("check")}
`,
  async run(args) {
    const { settings, flags } = readSettings("check", args, {
      options: { format: { type: "string", default: "text" } },
    });
    const print = FORMATS.get(flags.format);
    if (!print)
      throw usageError("check", `--format takes ${[...FORMATS.keys()].join(" or ")}, not "${flags.format}"`);
    const directory = pipelineDirectory(settings.pipeline);
    const files = readPipelineFiles(directory);
    const { pipeline, diagnostics: ofPipeline } = compilePipeline(files);
    const { tests, diagnostics: ofTests } = pipeline ? loadModelTests(files, pipeline) : NO_TESTS;
    const diagnostics = [...ofPipeline, ...ofTests];
    for (const diagnostic of diagnostics) process.stdout.write(`${print(diagnostic)}\n`);
    if (!pipeline || diagnostics.length > 0) return 2;
    const counts = Object.entries({
      model: pipeline.models.size,
      table: pipeline.tables.length,
      alert: pipeline.alerts.length,
      test: tests.length,
    }).map(([what, count]) => `${count} ${what}${count === 1 ? "" : "s"}`);
    process.stderr.write(`${directory}: ${counts.join(", ")}, nothing wrong.\n`);
    return 0;
  },
};

const NO_TESTS: ReturnType<typeof loadModelTests> = { tests: [], diagnostics: [] };

const FORMATS: ReadonlyMap<string, (diagnostic: Diagnostic) => string> = new Map([
  ["text", formatDiagnostic],
  ["github", githubAnnotation],
]);

/** A workflow command; https://docs.github.com/actions/reference/workflow-commands-for-github-actions */
function githubAnnotation({ code, message, remedy, place }: Diagnostic): string {
  const escaped = (text: string) =>
    text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
  const properties = [
    ...(place.file === undefined ? [] : [`file=${escaped(place.file)}`]),
    ...(place.line === undefined ? [] : [`line=${place.line}`]),
    ...(place.column === undefined ? [] : [`col=${place.column}`]),
    `title=${code}`,
  ];
  return `::error ${properties.join(",")}::${escaped(`${message}. ${remedy}`)}`;
}
