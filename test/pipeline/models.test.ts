/** The default pipeline's own tests: what each of its models does. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { embeddedEngine } from "../../src/engine/embedded/engine.ts";
import { throwIfAny } from "../../src/errors.ts";
import { readPipelineFiles } from "../../src/pipeline/files.ts";
import { loadPipeline } from "../../src/pipeline/load.ts";
import { loadModelTests } from "../../src/pipeline/testing/model-tests.ts";
import { runModelTest } from "../../src/pipeline/testing/run.ts";

const directory = fileURLToPath(new URL("../../pipeline", import.meta.url));
const pipeline = loadPipeline(directory);
const { tests, diagnostics } = loadModelTests(readPipelineFiles(directory), pipeline);
throwIfAny(diagnostics);

for (const model of new Set(tests.map((one) => one.model)))
  describe(model, () => {
    for (const one of tests.filter((candidate) => candidate.model === model))
      test(one.name, async () => {
        const { differences } = await runModelTest(pipeline, one, embeddedEngine);
        assert.deepEqual(
          differences.map(({ place, text }) => `${place.file}:${place.line}\n${text}`),
          [],
        );
      });
  });

test("every table is tested and described", () => {
  const names = pipeline.tables.map(({ name }) => name);
  const tested = new Set(tests.map(({ model }) => model));
  assert.deepEqual(
    names.filter((name) => !tested.has(name)),
    [],
  );
  assert.deepEqual(
    names.filter((name) => !pipeline.descriptions.get(name)?.columns.size),
    [],
  );
});
