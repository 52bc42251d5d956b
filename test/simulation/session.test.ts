import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { loadPipeline } from "../../src/pipeline/load.ts";
import { tries } from "../tries.ts";
import { assertEqualsOracle } from "./equality.ts";
import { logs, schedules } from "./events.ts";
import { simulate } from "./simulate.ts";

const pipeline = loadPipeline(fileURLToPath(new URL("pipeline", import.meta.url)));

test("a session equals the oracle in any order, over any batches, triggers and restarts", () => {
  fc.assert(
    fc.property(logs, schedules, (log, schedule) => assertEqualsOracle(pipeline, log, schedule)),
    { numRuns: tries(60) },
  );
});

test("nothing leaves twice: a trigger without new events is empty", () => {
  fc.assert(
    fc.property(logs, (log) => {
      const { session } = simulate(pipeline, log, [], () => {});
      session.trigger();
      assert.deepEqual(session.trigger(), []);
      session.finish();
      assert.deepEqual(session.finish(), []);
    }),
    { numRuns: tries(20) },
  );
});
