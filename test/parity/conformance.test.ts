/** Spark keeps the contract of an engine, and leaves its session as it found it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sparkEngine } from "../../src/engine/spark/engine.ts";
import { loadPipeline } from "../../src/pipeline/load.ts";
import { engineConformance } from "../conformance/engine.ts";
import { batchOf } from "../simulation/simulate.ts";
import { sharedSpark } from "../spark/server.ts";
import { batchesOf } from "./tables-compare.ts";
import { smallLog } from "./tables-small-events.ts";

engineConformance(async (t) => {
  const spark = await sharedSpark(t);
  return spark && sparkEngine(spark);
});

const small = () => loadPipeline(`${import.meta.dirname}/plain`);

test("an analysis on Spark leaves no view and nothing cached behind, whether it succeeds or fails", async (t) => {
  const spark = await sharedSpark(t);
  if (!spark) return;
  const engine = sparkEngine(spark);
  const views = async () => (await spark.sql("SHOW VIEWS")).rows;
  await spark.createView("mine", "SELECT 1 AS one");
  const before = await views();
  await engine.analyze(small(), batchesOf(smallLog(1, 10)));
  assert.deepEqual(await views(), before);
  const broken = batchesOf(smallLog(1, 10));
  await assert.rejects(
    engine.analyze(
      small(),
      (async function* () {
        yield* broken;
        throw new Error("the input broke off");
      })(),
    ),
    /broke off/,
  );
  assert.deepEqual(await views(), before);
});

test("an analysis on Spark refuses a second partition", async (t) => {
  const spark = await sharedSpark(t);
  if (!spark) return;
  const log = smallLog(1, 2);
  const input = (async function* () {
    yield batchOf(log, 0);
    yield { ...batchOf(log, 0), partition: 1 };
  })();
  await assert.rejects(sparkEngine(spark).analyze(small(), input), /spark\.several-partitions/);
});
