import { test } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { createGenerator } from "../../src/generator/generator.ts";
import { loadPipeline } from "../../src/pipeline/load.ts";
import { tries } from "../tries.ts";
import { assertEqualsOracle } from "./equality.ts";
import { schedules } from "./events.ts";
import type { LogRecord } from "./simulate.ts";

const pipeline = loadPipeline(fileURLToPath(new URL("../../pipeline", import.meta.url)));
const START_MS = Date.UTC(2026, 0, 5, 14);

/** Generated events, some of them moved to a later place in the log. */
const logs: fc.Arbitrary<readonly LogRecord[]> = fc
  .record({
    seed: fc.integer({ min: 0, max: 2 ** 31 }),
    ratePerSecond: fc.constantFrom(0.2, 1, 5),
    moves: fc.array(fc.tuple(fc.nat(59), fc.nat(59)), { maxLength: 8 }),
  })
  .map(({ seed, ratePerSecond, moves }) => {
    const generator = createGenerator({ seed, startMs: START_MS, ratePerSecond, duplicateShare: 0.1 });
    const log = [...generator.take(60)].map(({ json }): LogRecord => ({ text: json, ingestTimeMs: null }));
    for (const [from, to] of moves) if (from < to) log.splice(to, 0, ...log.splice(from, 1));
    return log;
  });

test("the default pipeline over generated events equals the oracle", () => {
  fc.assert(
    fc.property(logs, schedules, (log, schedule) => assertEqualsOracle(pipeline, log, schedule)),
    { numRuns: tries(4) },
  );
});
