import assert from "node:assert/strict";
import { test } from "node:test";
import { inModel, placeIn } from "../../../src/engine/spark/app/place.ts";
import { refuseOldVersion } from "../../../src/engine/spark/app/session.ts";
import { failed, readFailure } from "../../../src/engine/spark/connect/failure.ts";

const models = [
  { path: "models/risk/scores.sql", text: "-- Scores.\nSELECT\n  id,\n  Amount * 2 AS twice\nFROM scored" },
];
const sql = "SELECT `id`,\n (`amount` * 2L) AS `twice` FROM `scored`";

test("what Spark points at in a view of a model is found again in the model", () => {
  const at = (line: number, column: number) => placeIn(models, "scores", sql, { position: { line, column } });
  assert.deepEqual(at(2, 3), { file: "models/risk/scores.sql", line: 4, column: 3 });
  assert.deepEqual(at(2, 2), { file: "models/risk/scores.sql" });
  assert.deepEqual(placeIn(models, "scores", sql, { position: null }), { file: "models/risk/scores.sql" });
  assert.deepEqual(placeIn(models, "_live", sql, { position: { line: 2, column: 3 } }), {});
});

test("an error gets its place, and one that isn't Spark's stays as it is", async () => {
  const failure = failed(readFailure("[UNRESOLVED_COLUMN] No `amount`.; line 2 pos 2", null));
  await assert.rejects(
    inModel(models, "scores", sql, () => Promise.reject(failure)),
    { message: /^models\/risk\/scores\.sql:4:3: Spark: \[UNRESOLVED_COLUMN\] / },
  );
  const other = new Error("other");
  await assert.rejects(
    inModel(models, "scores", sql, () => Promise.reject(other)),
    other,
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
