/** The default pipeline's own tests hold on Spark as they do on the embedded engine. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { sparkEngine } from "../../src/engine/spark/engine.ts";
import { throwIfAny } from "../../src/errors.ts";
import { readPipelineFiles } from "../../src/pipeline/files.ts";
import { loadPipeline } from "../../src/pipeline/load.ts";
import { loadModelTests, type ModelTest } from "../../src/pipeline/testing/model-tests.ts";
import { runModelTests } from "../../src/pipeline/testing/run.ts";
import { sharedSpark } from "../spark/server.ts";

const directory = fileURLToPath(new URL("../../pipeline", import.meta.url));

test("tests of every model hold on Spark (nightly: all of them)", async (t) => {
  const sessions = [await sharedSpark(t), await sharedSpark(t)].filter((session) => session !== null);
  if (sessions.length === 0) return;
  const pipeline = loadPipeline(directory);
  const { tests, diagnostics } = loadModelTests(readPipelineFiles(directory), pipeline);
  throwIfAny(diagnostics);
  const chosen = process.env.LOANSTREAM_NIGHTLY ? tests : fullestOfEachModel(tests);
  assert.ok(chosen.length > 0);
  for await (const { test: one, differences } of runModelTests(pipeline, chosen, sessions.map(sparkEngine)))
    await t.test(`${one.model}: ${one.name}`, () => {
      assert.deepEqual(
        differences.map(({ place, text }) => `${place.file}:${place.line}\n${text}`),
        [],
      );
    });
});

/** A bounded run on Spark takes seconds, however few its records are: of each model the test that expects most. */
function fullestOfEachModel(tests: readonly ModelTest[]): readonly ModelTest[] {
  const cells = ({ expected }: ModelTest) => expected.reduce((sum, row) => sum + row.cells.size, 0);
  const fullest = new Map<string, ModelTest>();
  for (const one of tests) {
    const other = fullest.get(one.model);
    if (!other || cells(one) > cells(other)) fullest.set(one.model, one);
  }
  return [...fullest.values()];
}
