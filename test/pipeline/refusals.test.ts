import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Alias } from "../../src/sql/plan.ts";
import { renderModel } from "../../src/sql/render/spark.ts";
import { compileFolder, complaintsOf, complaintsOfModel } from "./folder.ts";

const grouped = (items: string, rest = "") =>
  `SELECT window.start AS s, window.end AS e, kind, ${items}\nFROM rows\nGROUP BY window(time, '1 minute'), kind ${rest}`;

/** Each mistake, where it stands, and what is said of it. */
const mistakes: readonly (readonly [string, string, readonly string[]])[] = [
  ["an unknown column", "SELECT id, amont FROM rows", ["sql.unknown-column 1:12"]],
  ["an unknown model", "SELECT id FROM rovs", ["sql.unknown-relation 1:16"]],
  ["an unknown function", "SELECT pow(rate, 2) AS x FROM rows", ["sql.unknown-function 1:8"]],
  ["a type clash in a comparison", "SELECT id FROM rows WHERE kind > 1", ["sql.type-mismatch 1:27"]],
  ["a type clash in arithmetic", "SELECT amount + kind AS x FROM rows", ["sql.type-mismatch 1:8"]],
  ["a WHERE that is no condition", "SELECT id FROM rows WHERE amount", ["sql.type-mismatch 1:27"]],
  [
    "branches of different types",
    "SELECT CASE WHEN flag THEN 1 ELSE 'x' END AS x FROM rows",
    ["sql.type-mismatch 1:8"],
  ],
  ["an expression out of range", "SELECT unbounded + 1 AS x FROM rows", ["sql.out-of-range 1:8"]],
  ["a product out of range", "SELECT amount * amount * amount AS x FROM rows", ["sql.out-of-range 1:8"]],
  [
    "a DOUBLE that may not fit a BIGINT",
    "SELECT CAST(size AS BIGINT) AS x FROM rows",
    ["sql.out-of-range 1:8"],
  ],
  ["a DOUBLE as text", "SELECT CAST(size AS STRING) AS x FROM rows", ["sql.type-mismatch 1:8"]],
  [
    "element 0 of an array",
    "SELECT element_at(array(amount), 0) AS x FROM rows",
    ["sql.literal-required 1:8"],
  ],
  ["a negative length", "SELECT substr(kind, 1, -1) AS x FROM rows", ["sql.literal-required 1:8"]],
  ["a bad escape in LIKE", "SELECT id FROM rows WHERE kind LIKE 'a\\\\b'", ["sql.literal-required 1:27"]],
  ["a computed column without a name", "SELECT amount + 1 FROM rows", ["sql.unnamed-column 1:8"]],
  ["two columns of one name", "SELECT id, kind AS ID FROM rows", ["sql.duplicate-column 1:8"]],
  ["a star over the event", "SELECT * FROM events", ["sql.star 1:8"]],
  ["a time minus a time", "SELECT time - other_time AS x FROM rows", ["sql.type-mismatch 1:8"]],
  ["a sum of doubles", grouped("sum(rate) AS x"), ["sql.sum-of-doubles 1:50"]],
  ["an average of doubles", grouped("avg(rate) AS x"), ["sql.sum-of-doubles 1:50"]],
  ["a set without an order", grouped("collect_set(id) AS x"), ["sql.misplaced-aggregate 1:50"]],
  ["a column that isn't grouped", grouped("amount"), ["sql.not-grouped 1:50"]],
  ["the window itself as a column", grouped("window AS w"), ["sql.not-grouped 1:50"]],
  ["an aggregate in WHERE", "SELECT id FROM rows WHERE count(*) > 1", ["sql.misplaced-aggregate 1:27"]],
  [
    "window() outside GROUP BY",
    "SELECT window(time, '1 minute') AS w FROM rows",
    ["sql.misplaced-window 1:8"],
  ],
  ["a group without a window", "SELECT kind, count(*) AS n FROM rows GROUP BY kind", ["sql.no-window 1:1"]],
  ["HAVING without GROUP BY", "SELECT id FROM rows HAVING amount > 1", ["sql.no-window 1:28"]],
  [
    "two windows",
    "SELECT count(*) AS n FROM rows GROUP BY window(time, '1 minute'), window(time, '1 hour')",
    ["sql.two-windows 1:67"],
  ],
  [
    "a window on another column than the watermark's",
    "SELECT count(*) AS n FROM rows GROUP BY window(other_time, '1 minute')",
    ["sql.window-column 1:48"],
  ],
  [
    "a window on a changed event time",
    "SELECT count(*) AS n FROM (SELECT time + INTERVAL 1 MINUTE AS time FROM rows) GROUP BY window(time, '1 minute')",
    ["sql.window-column 1:95"],
  ],
  [
    "a window that its slide doesn't divide",
    "SELECT count(*) AS n FROM rows GROUP BY window(time, '10 minutes', '3 minutes')",
    ["sql.window-size 1:41"],
  ],
  [
    "a window of a month",
    "SELECT count(*) AS n FROM rows GROUP BY window(time, '1 month')",
    ["sql.window-size 1:41"],
  ],
  [
    "a window of more slides than an engine can keep",
    "SELECT count(*) AS n FROM rows GROUP BY window(time, '36500 days', '1 millisecond')",
    ["sql.window-size 1:41"],
  ],
  [
    "a window whose edges are no times",
    "SELECT count(*) AS n FROM rows GROUP BY window(time, '100000000 days')",
    ["sql.window-size 1:41"],
  ],
  [
    "a field of a column's alias as a group's key",
    `${grouped("kind AS k")}, k.x`,
    ["sql.unknown-column 3:43"],
  ],
  [
    "a DOUBLE as a group's key",
    "SELECT count(*) AS n FROM rows GROUP BY window(time, '1 minute'), rate",
    ["sql.group-key 1:67"],
  ],
  [
    "an aggregate of an aggregate",
    `SELECT max(n) AS m FROM (${grouped("count(*) AS n")}) GROUP BY window(s, '1 hour')`,
    ["sql.nested-aggregate 1:1"],
  ],
  [
    "the window's end off the slide",
    grouped("count_if(time >= window.end - INTERVAL 5 SECONDS) AS n"),
    ["sql.window-end 1:59"],
  ],
  [
    "bounds of a histogram that don't ascend",
    grouped("histogram(amount, array(2, 1)) AS h"),
    ["sql.literal-required 1:50"],
  ],
  [
    "a quantile of what is no histogram",
    "SELECT quantile(array(1, 2), 0.5) AS q FROM rows",
    ["sql.type-mismatch 1:8"],
  ],
  [
    "structs that differ",
    "SELECT k.a FROM rows LATERAL VIEW explode(array(named_struct('a', 1), named_struct('b', 1))) t AS k",
    ["sql.explode 1:22"],
  ],
];

describe("a mistake in a model is refused, with its place", () => {
  for (const [what, model, complaints] of mistakes)
    test(what, () => {
      assert.deepEqual(complaintsOfModel(model), complaints);
    });
});

describe("every complaint says what to do", () => {
  for (const [what, model] of mistakes)
    test(what, () => {
      const { diagnostics } = compileFolder({ models: { model } });
      for (const { message, remedy, place } of diagnostics) {
        assert.match(remedy, /^[A-Z].+\.$/s);
        assert.doesNotMatch(message, /\.$/);
        assert.equal(place.file, "models/model.sql");
      }
    });
});

test("several mistakes are reported at once", () => {
  const model = "SELECT amont,\n  pow(rate, 2) AS p,\n  unbounded + 1 AS u\nFROM rows";
  assert.deepEqual(complaintsOfModel(model), [
    "sql.unknown-column 1:8",
    "sql.unknown-function 2:3",
    "sql.out-of-range 3:3",
  ]);
});

test("models that read each other are a cycle", () => {
  const models = { one: "SELECT id FROM two", two: "SELECT id FROM one" };
  const { diagnostics } = compileFolder({ models });
  assert.deepEqual(
    diagnostics.map(({ code }) => code),
    ["model.cycle"],
  );
  assert.match(diagnostics[0]?.message ?? "", /one → two → one/);
});

test("a mistake in a model that many read is reported once", () => {
  const models = {
    base: "SELECT amont FROM rows",
    left: "SELECT amont FROM base",
    right: "SELECT amont FROM base",
  };
  assert.deepEqual(complaintsOf({ models }), ["sql.unknown-column 1:8"]);
});

test("a lambda's parameter hides a group's key of its name", () => {
  const model = grouped("size(filter(array_sort(collect_set(id)), kind -> kind > 'i1')) AS n");
  const { pipeline } = compileFolder({ models: { model } });
  const text = renderModel(pipeline?.models.get("model") as Alias);
  assert.match(text, /kind -> \(kind > 'i1'\)|`kind` -> \(`kind` > 'i1'\)/);
});

describe("a duration of pipeline.yaml", () => {
  const withDuration = (line: string) =>
    complaintsOf({ settings: `source: { event_time: time, event_id: id }\n${line}\noutputs: {}\n` });

  test("may be as long as ten years of delay and a day of trigger", () => {
    assert.deepEqual(withDuration("delay: 3650 days\ntrigger: 1 day"), []);
  });

  test("is refused where it is longer", () => {
    assert.deepEqual(withDuration("delay: 3651 days\ntrigger: 25 hours"), [
      "pipeline.invalid 2:8",
      "pipeline.invalid 3:10",
    ]);
  });
});

test("a currency is a code of three capitals", () => {
  const settings = "source: { event_time: time, event_id: id }\ncurrency: dollars\noutputs: {}\n";
  assert.deepEqual(complaintsOf({ settings }), ["pipeline.invalid 2:11"]);
});

describe("a name that is loanstream's own or SQLite's", () => {
  for (const name of ["late", "dlq", "loanstream_progress", "sqlite_master", "_own"])
    test(`${name} is refused as a model's`, () => {
      assert.deepEqual(complaintsOf({ models: { [name]: "SELECT id FROM rows" } }), ["pipeline.invalid 1:1"]);
    });

  test("_seq is refused as a table's column", () => {
    const model = "SELECT id,\n  kind AS _SEQ FROM rows";
    assert.deepEqual(complaintsOf({ models: { model }, tables: { model: "append" } }), [
      "pipeline.invalid 2:3",
    ]);
  });
});

describe("where a record stood", () => {
  const model = (text: string) => complaintsOf({ models: { model: text }, tables: { model: "append" } });

  test("may be put out, through models, under its own name", () => {
    const models = { base: "SELECT id, _position, kind FROM events", model: "SELECT * FROM base" };
    assert.deepEqual(complaintsOf({ models, tables: { model: "append" } }), []);
  });

  test("lends its name to nothing else", () => {
    assert.deepEqual(model("SELECT id,\n  1 AS _position FROM rows"), ["pipeline.invalid 2:3"]);
    assert.deepEqual(model("SELECT id FROM (SELECT id, amount AS _Partition FROM rows)"), [
      "pipeline.invalid 1:28",
    ]);
  });
});

describe("a table", () => {
  const windowed = (having: string) => ({
    model: grouped(
      "count(*) AS n, sum(change) AS c, max(amount) AS m, sum(amount) AS a, size(collect_set(id)) AS ids",
      having,
    ),
  });

  test("that would put out a personal value is refused at the column", () => {
    assert.deepEqual(
      complaintsOf({ models: { model: "SELECT id,\n  email FROM rows" }, tables: { model: "append" } }),
      ["sql.pii-exposed 2:3"],
    );
  });

  test("may put out a mask, a comparison or a token", () => {
    const model = "SELECT id, mask(email) AS m, email = 'a' AS c, token FROM rows";
    assert.deepEqual(complaintsOf({ models: { model }, tables: { model: "append" } }), []);
  });

  test("may not put out a hash, or a part, or the greatest of personal values", () => {
    const model = grouped(
      "max(email) AS m, array_sort(collect_set(substr(email, 1, 3))) AS p, min(sha2(email, 256)) AS h",
    );
    assert.deepEqual(complaintsOf({ models: { model }, tables: { model: "final" } }), [
      "sql.pii-exposed 1:50",
      "sql.pii-exposed 1:67",
      "sql.pii-exposed 1:118",
    ]);
  });

  for (const shown of [
    "since + INTERVAL 0 SECONDS",
    "date_trunc('SECOND', since)",
    "unix_millis(since)",
    "timestamp_millis(unix_millis(since))",
  ])
    test(`may not put out a personal time as ${shown}`, () => {
      const model = `SELECT id, ${shown} AS shown FROM (SELECT id, person.since FROM events)`;
      assert.deepEqual(complaintsOf({ models: { model }, tables: { model: "append" } }), [
        "sql.pii-exposed 1:12",
      ]);
    });

  test("may put out a number derived from a personal time", () => {
    const model =
      "SELECT id, (unix_millis(time) - unix_millis(since)) / 86400000 AS days FROM (SELECT id, time, person.since FROM events)";
    assert.deepEqual(complaintsOf({ models: { model }, tables: { model: "append" } }), []);
  });

  for (const having of [
    "count(*) > 1",
    "2 <= count(*)",
    "count(*) > 1 AND size(collect_set(id)) >= 2",
    "sum(amount) > 10 OR kind = 'a'",
    "count(*) >= CASE kind WHEN 'a' THEN 5 ELSE 2 END",
    "count(*) > 2.5",
  ])
    test(`in update mode may have HAVING ${having}`, () => {
      assert.deepEqual(
        complaintsOf({ models: windowed(`HAVING ${having}`), tables: { model: "update" } }),
        [],
      );
    });

  for (const having of [
    "count(*) < 5",
    "count(*) = 5",
    "sum(change) > 1",
    "max(amount) < 5",
    "NOT count(*) > 1",
    "count_if(flag) / count(*) > 0.5",
  ])
    test(`in update mode is refused for the non-monotone HAVING ${having}`, () => {
      assert.deepEqual(complaintsOf({ models: windowed(`HAVING ${having}`), tables: { model: "update" } }), [
        "sql.non-monotone-having 3:48",
      ]);
      assert.deepEqual(
        complaintsOf({ models: windowed(`HAVING ${having}`), tables: { model: "final" } }),
        [],
      );
    });

  test("in update mode is refused for a non-monotone WHERE above the aggregate", () => {
    const model = `SELECT s, e, kind, n FROM (${grouped("count(*) AS n")}) WHERE n < 3`;
    assert.deepEqual(complaintsOf({ models: { model }, tables: { model: "update" } }), [
      "sql.non-monotone-having 3:49",
    ]);
  });

  test("over windows puts out the window and every group expression", () => {
    const model = "SELECT window.start AS s, count(*) AS n FROM rows GROUP BY window(time, '1 minute'), kind";
    assert.deepEqual(complaintsOf({ models: { model }, tables: { model: "final" } }), [
      "sql.table-key 1:1",
      "sql.table-key 1:1",
    ]);
  });

  test("of rows puts out the event's id", () => {
    assert.deepEqual(
      complaintsOf({ models: { model: "SELECT kind FROM rows" }, tables: { model: "append" } }),
      ["sql.table-key 1:1"],
    );
  });

  test("has an emit mode that fits", () => {
    const models = { ...windowed(""), flat: "SELECT id FROM rows" };
    assert.deepEqual(complaintsOf({ models, tables: { model: "append", flat: "update" } }), [
      "pipeline.invalid 5:7",
      "pipeline.invalid 6:7",
    ]);
  });

  test("without a model is refused", () => {
    assert.deepEqual(complaintsOf({ tables: { nothing: "append" } }), ["model.unknown 5:7"]);
  });
});

describe("settings", () => {
  test("name an event time that every event has", () => {
    const settings = "source: { event_time: other_time, event_id: id }\noutputs: {}\n";
    assert.deepEqual(complaintsOf({ settings }), ["pipeline.invalid 1:9"]);
  });

  test("name a key that every event has and that isn't personal", () => {
    for (const key of ["other_time", "person.token", "person.email", "nothing"]) {
      const settings = `source: { event_time: time, event_id: id, key: ${key} }\noutputs: {}\n`;
      assert.deepEqual(complaintsOf({ settings }), ["pipeline.invalid 1:9"], key);
    }
  });

  test("name topics as Kafka does, each output's apart from the events' and the alerts'", () => {
    const settingsOf = (topic: string) =>
      `source: { topic: in }\noutputs:\n  all:\n    topic: ${topic}\n    tables: { flat: append }\n`;
    const models = { flat: "SELECT _position, id FROM events" };
    for (const topic of ["in", "in.late", "in.dlq", "loan.alerts", "a/b", ".."])
      assert.deepEqual(
        complaintsOf({ settings: settingsOf(topic), models }),
        ["pipeline.invalid 5:15"],
        topic,
      );
    assert.deepEqual(complaintsOf({ settings: settingsOf("out"), models }), []);
  });

  test("have durations of fixed length", () => {
    const settings = "source: { event_time: time }\ndelay: 1 month\noutputs: {}\n";
    assert.deepEqual(complaintsOf({ settings }), ["pipeline.invalid 2:8"]);
  });
});
