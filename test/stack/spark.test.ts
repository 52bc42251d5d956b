import assert from "node:assert/strict";
import { test } from "node:test";
import { connect } from "../../src/engine/spark/connect/session.ts";
import { freePort } from "../../stack/ports.ts";
import { startStack } from "../../stack/processes.ts";
import { kafka, spark as sparkService } from "../../stack/services.ts";
import { release } from "../spark/server.ts";
import { records, stackUnderTest } from "./stack-under-test.ts";

test("the stack's Spark reads the stack's Kafka", { timeout: 180_000 }, async (t) => {
  const kafkaAlone = await stackUnderTest(t);
  if (!kafkaAlone) return;
  const sparkPort = await freePort();
  const stack = { ...kafkaAlone, env: { ...kafkaAlone.env, SPARK_PORT: String(sparkPort) } };
  await startStack([kafka, sparkService(release)], stack);
  await records("write", stack, "read-by-spark", "a value");

  const spark = await connect(`sc://127.0.0.1:${sparkPort}`);
  t.after(() => spark.close());
  const source = `'kafka.bootstrap.servers' '127.0.0.1:${stack.kafkaPort}', 'subscribe' 'read-by-spark'`;
  await spark.sql(`CREATE TEMPORARY VIEW topic USING kafka OPTIONS (${source})`);
  const { rows } = await spark.sql("SELECT CAST(value AS STRING) AS value, partition, offset FROM topic");
  assert.deepEqual(rows, [["a value", 0, 0]]);
});
