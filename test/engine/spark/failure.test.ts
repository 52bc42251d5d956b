import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { failed, readFailure, toFailure } from "../../../src/engine/spark/connect/failure.ts";

test("the class and the position are read from the message where a version tells them nowhere else", () => {
  const text = "[UNRESOLVED_COLUMN.WITH_SUGGESTION] No column `x`.; line 2 pos 7;\n'Project ['x]\n";
  assert.deepEqual(readFailure(text, null), {
    errorClass: "UNRESOLVED_COLUMN.WITH_SUGGESTION",
    sqlState: null,
    message: "[UNRESOLVED_COLUMN.WITH_SUGGESTION] No column `x`.; line 2 pos 7",
    position: { line: 2, column: 8 },
    fragment: null,
  });
  const newer = "[PARSE_SYNTAX_ERROR] Syntax error at or near 'SELEC'. SQLSTATE: 42601 (line 1, pos 0)";
  const { sqlState, position } = readFailure(newer, "PARSE_SYNTAX_ERROR");
  assert.deepEqual({ sqlState, position }, { sqlState: "42601", position: { line: 1, column: 1 } });
});

test("what is quoted and the place of it are read in both versions' words", () => {
  const older =
    "[CAST_INVALID_INPUT] No.\n== SQL(line 2, position 3) ==\n, CAST(x AS INT) AS y\n  ^^^^^^^^^^^^^^\n\tat x";
  assert.deepEqual(readFailure(older, null).position, { line: 2, column: 3 });
  assert.equal(readFailure(older, null).fragment, "CAST(x AS INT) AS y");
  const syntax =
    "[PARSE_SYNTAX_ERROR] Extra input '1'. (line 2, pos 6)\n\n== SQL ==\nSELECT id\nWHERE SELEC 1\n------^^^\n";
  assert.deepEqual(readFailure(syntax, null).position, { line: 2, column: 7 });
  assert.equal(readFailure(syntax, null).fragment, "SELEC 1");
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

test("two on one checkpoint, and records that are gone, are told apart from other failures", () => {
  const elsewhere =
    "[CONCURRENT_STREAM_LOG_UPDATE] Concurrent update to the log. Multiple streaming jobs detected for 3.";
  assert.match(failed(readFailure(elsewhere, null)).message, /\[spark\.checkpoint-in-use\]/);
  const gone = "Partition t-0's offset was changed from 3 to 1, some data may have been missed.";
  assert.match(failed(readFailure(gone, null)).message, /\[spark\.offsets-gone\].*--anew/);
  const gone4 =
    "[STREAM_FAILED] Some data may have been lost because they are not available in Kafka any more";
  assert.match(failed(readFailure(gone4, null)).message, /\[spark\.offsets-gone\]/);
  assert.match(failed(readFailure("[KAFKA_DATA_LOSS.X] Gone.", null)).message, /\[spark\.offsets-gone\]/);
  const unread = "[STREAM_FAILED] Cannot fetch offset 822 (GroupId: g, TopicPartition: t-1).";
  assert.match(failed(readFailure(unread, null)).message, /\[spark\.offsets-gone\]/);
});

test("an operation that the server has forgotten went with its session", () => {
  const text = "[INVALID_HANDLE.OPERATION_NOT_FOUND] The handle x is invalid. Operation not found.";
  assert.match(failed(readFailure(text, null)).message, /\[spark\.session-lost\]/);
});

test("a token or a certificate that isn't taken is no failure of a query", async () => {
  for (const error of [
    new ConnectError("Invalid token", Code.Unauthenticated),
    new ConnectError("self-signed certificate; if the root CA is installed locally, …", Code.Unknown),
  ]) {
    const failure = await toFailure(error, "sc://h:1", () => Promise.resolve(null));
    assert.equal(failure.exitCode, 2);
    assert.match(
      failure.message,
      /^sc:\/\/h:1 and this client .*\[spark\.not-trusted\].*NODE_EXTRA_CA_CERTS/,
    );
  }
});

test("what a server's end cut off is lost with it", () => {
  for (const text of [
    "org.apache.spark.SparkException: Job 12 cancelled because SparkContext was shut down",
    "java.lang.IllegalStateException: Cannot call methods on a stopped SparkContext.\nThis stopped SparkContext was created at:",
  ])
    assert.match(failed(readFailure(text, null)).message, /\[spark\.session-lost\]/);
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
