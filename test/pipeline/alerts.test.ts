import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compileFolder, complaintsOf } from "./folder.ts";

const models = {
  flat: "SELECT id, time, kind, amount, rate, token FROM rows",
  minutes: `SELECT window.start AS window_start, window.end AS window_end, kind, count(*) AS n,
      count_if(amount > 5) / count(*) AS share, sum(change) AS changes
    FROM rows GROUP BY window(time, '1 minute'), kind`,
  closed: `SELECT window.start AS window_start, window.end AS window_end, count(*) AS n
    FROM rows GROUP BY window(time, '1 minute')`,
  exploded: `SELECT window_start, window_end, e.kind AS kind, e.n AS n FROM (
      SELECT window.start AS window_start, window.end AS window_end, count_if(kind = 'a') AS a, sum(change) AS b
      FROM rows GROUP BY window(time, '1 minute'))
    LATERAL VIEW explode(array(named_struct('kind', 'a', 'n', a), named_struct('kind', 'b', 'n', b))) k AS e`,
};
const tables = { flat: "append", minutes: "update", closed: "final", exploded: "update" };
const alertOver = (table: string, when: string, message = "x", severity = "info") =>
  `one:\n  table: ${table}\n  when: ${when}\n  severity: ${severity}\n  message: "${message}"\n`;

/** Each mistake, where it stands, and what is said of it. */
const mistakes: readonly (readonly [string, string, readonly string[]])[] = [
  ["a table that isn't put out", alertOver("rows", "amount > 1"), ["alert.unknown-table 2:10"]],
  ["an unknown column", alertOver("flat", "amont > 1"), ["sql.unknown-column 3:9"]],
  ["an unknown column within", alertOver("flat", "amount > 1 AND amont > 1"), ["sql.unknown-column 3:24"]],
  ["what is no condition", alertOver("flat", "amount + 1"), ["alert.not-a-condition 3:9"]],
  ["what is no SQL", alertOver("flat", "amount >"), ["sql.syntax 3:17"]],
  ["an aggregate", alertOver("minutes", "count(*) > 1"), ["sql.misplaced-aggregate 3:9"]],
  ["an unknown severity", alertOver("flat", "amount > 1", "x", "bad"), ["yaml.wrong-value 4:13"]],
  [
    "an unknown column in the message",
    alertOver("flat", "amount > 1", "{amont}"),
    ["alert.wrong-message 5:12"],
  ],
  [
    "a format that isn't known",
    alertOver("flat", "amount > 1", "{amount:euro}"),
    ["alert.wrong-message 5:12"],
  ],
  [
    "a format that doesn't fit",
    alertOver("flat", "amount > 1", "{kind:money}"),
    ["alert.wrong-message 5:12"],
  ],
  ["a brace without its other", alertOver("flat", "amount > 1", "{amount"), ["alert.wrong-message 5:12"]],
  [
    "a key that is missing",
    "one:\n  table: flat\n  when: amount > 1\n  severity: info\n",
    ["yaml.missing-key 2:3"],
  ],
  ["a key that isn't known", `${alertOver("flat", "amount > 1")}  every: 5\n`, ["yaml.unknown-key 6:3"]],
  ["a name that is none", alertOver("flat", "amount > 1").replace("one", "One"), ["alert.invalid-name 1:1"]],
  ["an alert that stands twice", alertOver("flat", "amount > 1").repeat(2), ["yaml.duplicate-key 6:1"]],
  ["a list", "- one\n", ["yaml.wrong-type 1:1"]],
];

describe("a mistake in alerts.yaml is refused, with its place", () => {
  for (const [what, alerts, complaints] of mistakes)
    test(what, () => {
      assert.deepEqual(complaintsOf({ models, tables, alerts }), complaints);
      for (const { remedy, message, place } of compileFolder({ models, tables, alerts }).diagnostics) {
        assert.match(remedy, /^[A-Z].+\.$/s);
        assert.doesNotMatch(message, /\.$/);
        assert.equal(place.file, "alerts.yaml");
      }
    });

  test("a personal value in the message", () => {
    const exposing = { models: { flat: "SELECT id, email FROM rows" }, tables: { flat: "append" } };
    const alerts = alertOver("flat", "id = '1'", "{email}");
    assert.deepEqual(complaintsOf({ ...exposing, alerts }), ["sql.pii-exposed 1:12", "sql.pii-exposed 5:12"]);
  });

  test("a row that is known by a DOUBLE", () => {
    const bins = models.exploded.replace("'kind', 'a'", "'kind', 0.5").replace("'kind', 'b'", "'kind', 1.5");
    const alerts = alertOver("exploded", "n > 1");
    assert.deepEqual(complaintsOf({ models: { exploded: bins }, tables: { exploded: "update" }, alerts }), [
      "alert.unsupported-key 2:10",
    ]);
  });

  test("a table that is wrong itself is complained of once", () => {
    const alerts = alertOver("flat", "amount > 1");
    assert.deepEqual(
      complaintsOf({ models: { flat: "SELECT id, amont FROM rows" }, tables: { flat: "append" }, alerts }),
      ["sql.unknown-column 1:12"],
    );
  });

  test("a model that is called alerts", () => {
    assert.deepEqual(complaintsOf({ models: { alerts: "SELECT id FROM rows" } }), ["pipeline.invalid 1:1"]);
  });
});

describe("an alert is raised", () => {
  const emitOf = (table: string, when: string) =>
    compileFolder({ models, tables, alerts: alertOver(table, when) }).pipeline?.alerts.map(
      ({ rows }) => rows.emit,
    );

  test("with the event, over a table with a row an event", () => {
    assert.deepEqual(emitOf("flat", "rate < 0.5"), ["append"]);
  });

  test("as soon as it holds, where it can't become false again", () => {
    assert.deepEqual(emitOf("minutes", "n >= 5"), ["once"]);
    assert.deepEqual(emitOf("minutes", "kind = 'a' AND n > 5 OR n > 9"), ["once"]);
  });

  test("when the window closes, where it could", () => {
    for (const when of ["share > 0.5", "n < 5", "n >= 5 AND share > 0.5", "changes > 1", "NOT n >= 5"])
      assert.deepEqual(emitOf("minutes", when), ["final"], when);
  });

  test("when the window closes, over a table that shows no open ones", () => {
    assert.deepEqual(emitOf("closed", "n >= 5"), ["final"]);
  });

  test("when the window closes, where it could become false in one element of several", () => {
    assert.deepEqual(emitOf("exploded", "n >= 5"), ["final"]);
    assert.deepEqual(emitOf("exploded", "kind = 'a'"), ["once"]);
  });
});
