import assert from "node:assert/strict";
import { test } from "node:test";
import { failed, readFailure } from "../../../src/engine/spark/connect/failure.ts";

test("the class and the position are read from the message where a version tells them nowhere else", () => {
  const text = "[UNRESOLVED_COLUMN.WITH_SUGGESTION] No column `x`.; line 2 pos 7;\n'Project ['x]\n";
  assert.deepEqual(readFailure(text, null), {
    errorClass: "UNRESOLVED_COLUMN.WITH_SUGGESTION",
    sqlState: null,
    message: "[UNRESOLVED_COLUMN.WITH_SUGGESTION] No column `x`.; line 2 pos 7",
    position: { line: 2, column: 8 },
    view: null,
  });
  const newer = "[PARSE_SYNTAX_ERROR] Syntax error at or near 'SELEC'. SQLSTATE: 42601 (line 1, pos 0)";
  const { sqlState, position } = readFailure(newer, "PARSE_SYNTAX_ERROR");
  assert.deepEqual({ sqlState, position }, { sqlState: "42601", position: { line: 1, column: 1 } });
});

test("of a failed job only what failed in it is told", () => {
  const text =
    "org.apache.spark.sql.streaming.StreamingQueryException: Job aborted due to stage failure: Lost task 0.0 " +
    "in stage 7.0: org.apache.spark.SparkRuntimeException: [INVALID_INDEX_OF_ZERO] The index 0 is invalid.\n\tat x";
  const { errorClass, message } = readFailure(text, "STREAM_FAILED");
  assert.equal(errorClass, "INVALID_INDEX_OF_ZERO");
  assert.equal(message, "[INVALID_INDEX_OF_ZERO] The index 0 is invalid");
});

test("of a stream that failed in Spark 4 only what failed in it is told", () => {
  const text =
    "[STREAM_FAILED] Query [id = 1, runId = 2] terminated with exception: [INVALID_INDEX_OF_ZERO] The index 0 is " +
    "invalid. SQLSTATE: 22003 SQLSTATE: XXKST";
  const { errorClass, sqlState, message } = readFailure(text, "STREAM_FAILED");
  assert.deepEqual({ errorClass, sqlState }, { errorClass: "INVALID_INDEX_OF_ZERO", sqlState: "22003" });
  assert.equal(message, "[INVALID_INDEX_OF_ZERO] The index 0 is invalid");
});

test("a server without the connector to Kafka is told what to start with", () => {
  const without = "[DATA_SOURCE_NOT_FOUND] Failed to find the data source: kafka. Please find packages at …";
  assert.match(failed(readFailure(without, null)).message, /spark\.connector-missing.*spark-sql-kafka-0-10/);
  const structured = "Failed to find data source: kafka. Please deploy the application as per the …";
  assert.match(failed(readFailure(structured, null)).message, /spark\.connector-missing/);
  const other = "[DATA_SOURCE_NOT_FOUND] Failed to find the data source: kafkaesque.";
  assert.match(failed(readFailure(other, null)).message, /spark\.query-failed/);
});

test("a session that has ended may be had again, and a message says the class once", () => {
  const closed = failed(
    readFailure("[INVALID_HANDLE.SESSION_CLOSED] The handle is invalid.", "INVALID_HANDLE.SESSION_CLOSED"),
  );
  assert.equal(closed.retryable, true);
  assert.match(
    closed.message,
    /^Spark: \[INVALID_HANDLE\.SESSION_CLOSED\] The handle is invalid \[spark\.session-lost\]/,
  );
});
