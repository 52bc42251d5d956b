import assert from "node:assert/strict";
import { test } from "node:test";
import { explainIn, inModels, placeIn } from "../../../src/engine/spark/app/place.ts";
import { refuseOldVersion } from "../../../src/engine/spark/app/session.ts";
import { failed, readFailure } from "../../../src/engine/spark/connect/failure.ts";

const scores = {
  path: "models/risk/scores.sql",
  text: "-- Amount, of all.\nSELECT\n  id,\n  Amount * 2 AS twice,\n  Amount * 3 AS thrice\nFROM scored",
};
const bands = { path: "models/risk/bands.sql", text: "SELECT id, ceil(income / 'a') AS band FROM scored" };
const models = [scores, bands];

test("what Spark points at is found in the model that reads like it from there on", () => {
  assert.deepEqual(placeIn(models, "`amount` * 3L) AS _c12 FROM"), { file: scores.path, line: 5, column: 3 });
  assert.deepEqual(placeIn(models, "ceil(_c7 / 'a')"), { file: bands.path, line: 1, column: 12 });
});

test("what may stand in several places has none of them", () => {
  assert.deepEqual(placeIn([scores], "`amount`"), { file: scores.path });
  assert.deepEqual(placeIn(models, "id"), {});
  assert.deepEqual(placeIn(models, "_c7 * 2"), {});
  assert.deepEqual(placeIn(models, ""), {});
});

test("an error gets its place, and one that isn't Spark's stays as it is", async () => {
  const sql = "SELECT `id`,\n (`amount` * 2L) AS `twice` FROM `scored`";
  const failure = failed(readFailure("[UNRESOLVED_COLUMN] No `amount`.; line 2 pos 2", null));
  await assert.rejects(
    inModels(models, sql, () => Promise.reject(failure)),
    { message: /^models\/risk\/scores\.sql:4:3: Spark: \[UNRESOLVED_COLUMN\] / },
  );
  const other = new Error("other");
  await assert.rejects(
    inModels(models, sql, () => Promise.reject(other)),
    other,
  );
});

test("what a query died of has the place that Spark quotes", () => {
  const text =
    "[DIVIDE_BY_ZERO] Division by zero.\n== SQL (line 3, position 8) ==\nx + 1, ceil(_c7 / 'a') AS _c8\n       ^^^^^^^^^^^^^^\n";
  const { code, place } = explainIn(models, readFailure(text, null));
  assert.deepEqual(
    { code, place },
    { code: "spark.query-failed", place: { file: bands.path, line: 1, column: 12 } },
  );
});

test("a server older than 3.5 is refused", () => {
  assert.throws(
    () => refuseOldVersion("3.4.4", "sc://h:1"),
    /Spark 3\.4\.4 answers at sc:\/\/h:1.*\[spark\.version\]/,
  );
  for (const version of ["3.5.0", "3.5.4", "3.10.1", "4.0.0", "4.2.0"]) refuseOldVersion(version, "sc://h:1");
  assert.throws(() => refuseOldVersion("2.9.9", "sc://h:1"), { exitCode: 2 });
});
