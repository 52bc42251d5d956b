import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { tableFingerprint } from "../../src/pipeline/fingerprint.ts";
import { compilePipeline } from "../../src/pipeline/load.ts";
import type { Table } from "../../src/pipeline/pipeline.ts";
import { tableDifferences } from "../../src/pipeline/table-change.ts";
import { folderOf } from "./folder.ts";

interface Written {
  readonly model?: string;
  /** The relation between the model and the events. */
  readonly rows?: string;
  readonly emit?: string;
  /** A replacement in the schema. */
  readonly schema?: readonly [from: string, to: string];
}

const WINDOWS = `SELECT window.start AS window_start, window.end AS window_end, kind, sum(amount) AS total
FROM rows WHERE flag GROUP BY window(time, '1 minute'), kind HAVING count(*) > 1`;
const ROWS = "SELECT id, time, kind, amount, flag, rate FROM events";

function tableOf({ model = WINDOWS, rows = ROWS, emit = "final", schema = ["", ""] }: Written = {}): Table {
  const files = folderOf({ models: { rows, t: model }, tables: { t: emit } });
  const text = files.schema.text.replace(...schema);
  const { pipeline, diagnostics } = compilePipeline({ ...files, schema: { ...files.schema, text } });
  assert.ok(pipeline, JSON.stringify(diagnostics));
  return pipeline.tables[0]!;
}

const table = tableOf();
const edited = (from: string, to: string): Written => {
  assert.ok(WINDOWS.includes(from), from);
  return { model: WINDOWS.replace(from, to) };
};

describe("a table is the same", () => {
  const same: Readonly<Record<string, Written>> = {
    "in another layout, with a comment": { model: `-- What it is for.\n${WINDOWS.replaceAll(" ", "\n")}` },
    "with its columns in another order": {
      model: WINDOWS.replace("kind, sum(amount) AS total", "sum(amount) AS total, kind"),
    },
    "when a column that it doesn't read is computed otherwise": {
      rows: ROWS.replace(", rate", ", rate * 2 AS rate"),
    },
    "when the relation below has another column": { rows: ROWS.replace(", rate", ", change, rate") },
    "when the columns between have other names": {
      rows: ROWS.replace("amount,", "amount AS cents,"),
      model: WINDOWS.replace("sum(amount)", "sum(cents)"),
    },
    "when the schema has another field": { schema: ["  amount:", "  more: { type: boolean }\n  amount:"] },
    "when a field may be greater": { schema: ["maximum: 1000000 }", "maximum: 2000000 }"] },
  };
  for (const [what, written] of Object.entries(same))
    test(what, () => assert.equal(tableFingerprint(tableOf(written)), tableFingerprint(table)));
});

describe("of a table that has changed it is said", () => {
  const changed: Readonly<Record<string, readonly [Written, readonly string[]]>> = {
    "which columns are new": [
      edited("AS total", "AS total, count(*) AS n, min(rate) AS r"),
      ["n, r are new"],
    ],
    "which columns are gone": [edited(", sum(amount) AS total", ""), ["total is gone"]],
    "which columns have another type": [
      edited("sum(amount) AS total", "avg(amount) AS total"),
      ["total is DOUBLE, was BIGINT", "total is computed otherwise"],
    ],
    "which columns are computed otherwise": [
      edited("sum(amount)", "max(amount)"),
      ["total is computed otherwise"],
    ],
    "which columns a relation below computes otherwise": [
      { rows: ROWS.replace("amount,", "amount + 1 AS amount,") },
      ["total is computed otherwise"],
    ],
    "that it has other rows": [
      edited("count(*) > 1", "count(*) > 2"),
      ["it has other rows (WHERE, GROUP BY, HAVING or explode)"],
    ],
    "that a relation below has other rows": [
      { rows: `${ROWS} WHERE amount > 1` },
      ["it has other rows (WHERE, GROUP BY, HAVING or explode)"],
    ],
    "that its windows are others": [
      edited("'1 minute'", "'2 minutes'"),
      ["it has other rows (WHERE, GROUP BY, HAVING or explode)"],
    ],
    "that it leaves at another time": [{ emit: "update" }, ["emit is update, was final"]],
    "that its key is another": [
      { model: WINDOWS.replace("kind, sum", "kind, id, sum").replace(", kind HAVING", ", kind, id HAVING") },
      [
        "id is new",
        "its key is (window_start, window_end, kind, id), was (window_start, window_end, kind)",
        "it has other rows (WHERE, GROUP BY, HAVING or explode)",
      ],
    ],
    "that a part of its key may be null": [
      { schema: ["[id, time, kind, person]", "[id, time, person]"] },
      ["its key is (window_start, window_end, kind or null), was (window_start, window_end, kind)"],
    ],
  };
  for (const [what, [written, differences]] of Object.entries(changed))
    test(what, () => {
      const after = tableOf(written);
      assert.notEqual(tableFingerprint(after), tableFingerprint(table));
      assert.deepEqual(tableDifferences(table, after), differences);
    });
});

test("a quantile depends on the least value that the schema allows", () => {
  const model = WINDOWS.replace(
    "sum(amount) AS total",
    "quantile(histogram(amount, array(5, 9)), 0.5) AS median",
  );
  const minimum = ["minimum: 0, maximum: 1000000", "minimum: -5, maximum: 1000000"] as const;
  assert.notEqual(
    tableFingerprint(tableOf({ model })),
    tableFingerprint(tableOf({ model, schema: minimum })),
  );
});
