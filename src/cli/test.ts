/** `loanstream test`: what each model makes of given events, against what its test file says. */

import { usageError } from "../config/flags.ts";
import { settingLines } from "../config/help.ts";
import { readSettings } from "../config/settings.ts";
import type { SettingsOf } from "../config/table.ts";
import { embeddedEngine } from "../engine/embedded/engine.ts";
import type { Engine } from "../engine/engine.ts";
import { connect, type SparkSession } from "../engine/spark/connect/session.ts";
import { sparkEngine } from "../engine/spark/engine.ts";
import { throwIfAny } from "../errors.ts";
import { readPipelineFiles } from "../pipeline/files.ts";
import { loadPipeline } from "../pipeline/load.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { loadModelTests, type ModelTest } from "../pipeline/testing/model-tests.ts";
import { runModelTests, type TestResult } from "../pipeline/testing/run.ts";
import { nearest } from "../suggest.ts";
import type { Command } from "./command.ts";
import { pipelineDirectory } from "./pipeline-option.ts";

/** A test asks for many small queries, and most of each is planning, on one thread. */
const SPARK_SESSIONS = 2;

export const test: Command = {
  name: "test",
  summary: "Run the tests of a pipeline's models",
  usage: `
Usage: loanstream test [MODEL…] [--json] [SETTING…]

Runs every test of NAME.test.yaml beside the model NAME.sql, or of the models named: given events, and the rows that
the model makes of them when every window has closed. Exits with 1 if a test fails, with 2 if a test file is wrong.

  --json  print a JSON object a test: model, name, file, line, passed, differences

${settingLines("test")}
`,
  async run(args) {
    const { settings, flags, positionals } = readSettings("test", args, {
      allowPositionals: true,
      options: { json: { type: "boolean" } },
    });
    const directory = pipelineDirectory(settings.pipeline);
    const pipeline = loadPipeline(directory);
    const { tests, diagnostics } = loadModelTests(readPipelineFiles(directory), pipeline);
    throwIfAny(diagnostics);
    const chosen = ofModels(tests, positionals);
    const { engines, close } = await openEngines(settings);
    try {
      return await runAll(pipeline, chosen, { engines, print: flags.json ? asJson : asText });
    } finally {
      await close();
    }
  },
};

function ofModels(tests: readonly ModelTest[], models: readonly string[]): readonly ModelTest[] {
  const tested = [...new Set(tests.map(({ model }) => model))];
  for (const name of models) {
    if (tested.includes(name)) continue;
    const near = nearest(name, tested);
    throw usageError("test", `no test is of ${name}${near === null ? "" : `; did you mean ${near}?`}`);
  }
  return models.length === 0 ? tests : tests.filter(({ model }) => models.includes(model));
}

interface OpenEngines {
  readonly engines: readonly Engine[];
  close(): Promise<void>;
}

async function openEngines({ engine, sparkRemote }: SettingsOf<"test">): Promise<OpenEngines> {
  if (engine === "embedded") return { engines: [embeddedEngine], close: async () => {} };
  const sessions: SparkSession[] = [];
  while (sessions.length < SPARK_SESSIONS) sessions.push(await connect(sparkRemote));
  const close = async () => {
    for (const session of sessions) await session.close();
  };
  return { engines: sessions.map(sparkEngine), close };
}

interface Running {
  readonly engines: readonly Engine[];
  readonly print: (result: TestResult) => string;
}

async function runAll(
  pipeline: Pipeline,
  tests: readonly ModelTest[],
  { engines, print }: Running,
): Promise<number> {
  let failed = 0;
  for await (const result of runModelTests(pipeline, tests, engines)) {
    if (result.differences.length > 0) failed += 1;
    process.stdout.write(`${print(result)}\n`);
  }
  const passed = tests.length - failed;
  process.stderr.write(
    tests.length === 0
      ? `${pipeline.directory} has no tests; a model's stand beside it, in NAME.test.yaml.\n`
      : `${passed} passed, ${failed} failed (${engines[0]?.name}).\n`,
  );
  return failed > 0 ? 1 : 0;
}

function asJson({ test, differences }: TestResult): string {
  const { model, name, place } = test;
  return JSON.stringify({
    ...{ model, name, file: place.file, line: place.line },
    passed: differences.length === 0,
    differences: differences.map(({ place, text }) => ({ line: place.line, text })),
  });
}

function asText({ test, differences }: TestResult): string {
  const title = `${test.model}: ${test.name}`;
  if (differences.length === 0) return `ok    ${title}`;
  const lines = differences.flatMap(({ place, text }) => [
    `      ${place.file}:${place.line}`,
    ...text.split("\n").map((line) => `        ${line}`),
  ]);
  return [`FAIL  ${title}`, ...lines].join("\n");
}
