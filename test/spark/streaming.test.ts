import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { test } from "node:test";
import { sparkFailureOf } from "../../src/engine/spark/connect/failure.ts";
import { lagOf } from "../../src/engine/spark/connect/progress.ts";
import {
  dropDuplicatesWithinWatermark,
  sqlText,
  streamOf,
  viewNamed,
  withWatermark,
} from "../../src/engine/spark/connect/relation.ts";
import { connect } from "../../src/engine/spark/connect/session.ts";
import { eventually, type Streams, send, streams, valuesIn } from "./kafka-streams.ts";

const kafkaStream = ({ bootstrap }: Streams, topic: string) =>
  streamOf("kafka", { "kafka.bootstrap.servers": bootstrap, subscribe: topic, startingOffsets: "earliest" });

const intoTopic = (on: Streams, topic: string, query: string) => ({
  name: topic,
  input: sqlText(query),
  format: "kafka",
  options: { "kafka.bootstrap.servers": on.bootstrap, topic },
  outputMode: "append" as const,
  checkpoint: join(on.directory, topic),
  triggerMs: 0,
});

test("a query carries a topic into another, tells its progress, and is stopped", async (t) => {
  const on = await streams(t);
  if (!on) return;
  const [from, to] = [await on.kafka.topic(1), await on.kafka.topic(1)];
  await send(on, from, ["a", "b", "c"]);
  await on.spark.define("came", kafkaStream(on, from));
  const query = await on.spark.streaming.start(
    intoTopic(on, to, "SELECT upper(CAST(value AS STRING)) AS value FROM came"),
  );
  const found = await eventually(
    () => valuesIn(on, to),
    ({ length }) => length === 3,
  );
  assert.deepEqual(found, ["A", "B", "C"]);
  const progress = await eventually(query.lastProgress, (newest) => newest?.inputRows === 3);
  assert.deepEqual(progress?.endOffsets.get(from), new Map([[0, 3]]));
  assert.equal(progress && lagOf(progress), 0);
  assert.equal((await query.status()).isActive, true);
  assert.equal(await query.awaitTermination(10), false);
  await query.stop();
  assert.equal((await query.status()).isActive, false);
  assert.equal(await query.exception(), null);
  assert.equal(await query.awaitTermination(10_000), true);
});

test("a watermark and dedupe within it keep the first of each id, and count what came late", async (t) => {
  const on = await streams(t);
  if (!on) return;
  const [from, to] = [await on.kafka.topic(1), await on.kafka.topic(1)];
  const event = (id: string, second: string) => JSON.stringify({ id, at: `2026-01-01T00:${second}Z` });
  await send(on, from, [event("a", "00:00"), event("a", "00:01"), event("b", "10:00")]);
  await on.spark.define("came", kafkaStream(on, from));
  await on.spark.createView(
    "events",
    "SELECT e.* FROM (SELECT from_json(CAST(value AS STRING), 'id STRING, at TIMESTAMP') AS e FROM came)",
  );
  const watched = withWatermark(viewNamed("events"), "at", 60_000);
  await on.spark.define("distinct_events", dropDuplicatesWithinWatermark(watched, ["id"]));
  const query = await on.spark.streaming.start(intoTopic(on, to, "SELECT id AS value FROM distinct_events"));
  await eventually(query.lastProgress, (newest) => newest?.watermark === Date.parse("2026-01-01T00:09:00Z"));
  await send(on, from, [event("late", "08:00"), event("c", "10:01")]);
  const found = await eventually(
    () => valuesIn(on, to),
    ({ length }) => length === 3,
  );
  assert.deepEqual(found.toSorted(), ["a", "b", "c"]);
  const batches = await eventually(query.recentProgress, (all) =>
    all.some(({ inputRows }) => inputRows === 2),
  );
  assert.deepEqual(batches.find(({ inputRows }) => inputRows === 2)?.droppedByWatermark, [1]);
});

test("who has the session's id finds its queries, its views and settings, and stops them", async (t) => {
  const on = await streams(t);
  if (!on) return;
  const [from, to] = [await on.kafka.topic(1), await on.kafka.topic(1)];
  await on.spark.define("came", kafkaStream(on, from));
  const started = await on.spark.streaming.start(intoTopic(on, to, "SELECT value FROM came"));
  const other = await connect(on.url, { sessionId: on.spark.id });
  t.after(() => other.close());
  const [found, ...more] = await other.streaming.active();
  assert.deepEqual([found?.id, found?.runId, found?.name], [started.id, started.runId, to]);
  assert.equal(more.length, 0);
  await send(on, from, ["x"]);
  await eventually(
    () => valuesIn(on, to),
    ({ length }) => length === 1,
  );
  await found?.stop();
  assert.deepEqual(await on.spark.streaming.active(), []);
  const again = await other.streaming.start(intoTopic(on, to, "SELECT value FROM came"));
  assert.equal(again.id, started.id);
  await send(on, from, ["y"]);
  assert.deepEqual(
    await eventually(
      () => valuesIn(on, to),
      ({ length }) => length > 1,
    ),
    ["x", "y"],
  );
});

test("a query that died tells what of, and the others go on", async (t) => {
  const on = await streams(t);
  if (!on) return;
  const [from, to, good] = [await on.kafka.topic(1), await on.kafka.topic(1), await on.kafka.topic(1)];
  await on.spark.define("came", kafkaStream(on, from));
  const dies = await on.spark.streaming.start(
    intoTopic(
      on,
      to,
      "SELECT CAST(element_at(array('x'), CAST(length(CAST(value AS STRING)) AS INT) - 1) AS STRING) AS value FROM came",
    ),
  );
  const lives = await on.spark.streaming.start(intoTopic(on, good, "SELECT value FROM came"));
  await send(on, from, ["a"]);
  await eventually(dies.status, ({ isActive }) => !isActive);
  const failure = await dies.exception();
  assert.equal(failure?.errorClass, "INVALID_INDEX_OF_ZERO");
  assert.match(failure.message, /^\[INVALID_INDEX_OF_ZERO\] The index 0 is invalid[^\n]*$/);
  await assert.rejects(dies.awaitTermination(1000), /Spark: \[INVALID_INDEX_OF_ZERO\]/);
  assert.equal((await lives.status()).isActive, true);
  await eventually(
    () => valuesIn(on, good),
    ({ length }) => length === 1,
  );
});

test("what is wrong with SQL has class and position", async (t) => {
  const on = await streams(t);
  if (!on) return;
  const told = async (work: Promise<unknown>) => {
    const { errorClass, position } =
      sparkFailureOf(
        await work.then(
          () => null,
          (error) => error,
        ),
      ) ?? {};
    return { errorClass, position };
  };
  const second = "SELECT 1 AS one,\n  nope FROM range(1)";
  const unresolved = { errorClass: "UNRESOLVED_COLUMN.WITH_SUGGESTION", position: { line: 2, column: 3 } };
  assert.deepEqual(await told(on.spark.sql(second)), unresolved);
  assert.deepEqual(await told(on.spark.createView("wrong", second)), unresolved);
  assert.deepEqual(await told(on.spark.streaming.start(intoTopic(on, "wrong", second))), unresolved);
  assert.deepEqual(await told(on.spark.sql("SELEC 1")), {
    errorClass: "PARSE_SYNTAX_ERROR",
    position: { line: 1, column: 1 },
  });
});

test("a query that the session doesn't know is lost with it", async (t) => {
  const on = await streams(t);
  if (!on) return;
  const [id, runId] = [randomUUID(), randomUUID()];
  await assert.rejects(on.spark.streaming.query(id, runId, "gone").status(), {
    retryable: true,
    message: /\[spark\.session-lost\]/,
  });
});

test("a second start on a checkpoint is refused where the session says so, and the first goes on", async (t) => {
  const on = await streams(t);
  if (!on) return;
  const [from, to] = [await on.kafka.topic(1), await on.kafka.topic(1)];
  const other = await connect(on.url);
  t.after(() => other.close());
  await other.config({ "spark.sql.streaming.stopActiveRunOnRestart": "false" });
  for (const session of [on.spark, other]) await session.define("came", kafkaStream(on, from));
  const first = await on.spark.streaming.start(intoTopic(on, to, "SELECT value FROM came"));
  const second = other.streaming.start({ ...intoTopic(on, to, "SELECT value FROM came"), name: "second" });
  await assert.rejects(second, { exitCode: 1, message: /\[spark\.checkpoint-in-use\]/ });
  assert.equal((await first.status()).isActive, true);
});
