import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { alertReader, alertToJson } from "../../src/output/alert.ts";
import type { Alert, MessagePart } from "../../src/pipeline/pipeline.ts";
import type { Column, Source } from "../../src/sql/plan.ts";
import {
  arrayOf,
  BIGINT,
  BOOLEAN,
  DOUBLE,
  type SqlType,
  STRING,
  TIMESTAMP,
  type Value,
} from "../../src/sql/types.ts";

function column(name: string, type: SqlType): Column {
  return { name, type, nullable: true, range: null, lineage: { pii: [], protected: [] }, eventTime: false };
}

const input: Source = { op: "source", columns: [] };

function alertOver(
  columns: readonly Column[],
  key: readonly string[],
  message: readonly MessagePart[],
): Alert {
  const relation = { op: "model", name: "_alert_one", input, columns } as const;
  const rows = { name: "_alert_one", output: "alerts", topic: "t", emit: "append", relation, key } as const;
  return { name: "one", severity: "warning", table: "watched", rows, time: 1, message };
}

describe("a message shows", () => {
  const shown = (
    type: SqlType,
    value: Value,
    format: "money" | "percent" | null = null,
    currency = "USD",
  ) => {
    const columns = [column("alert_id", STRING), column("at", TIMESTAMP), column("x", type)];
    return alertReader(alertOver(columns, [], [{ column: 2, format }]), currency)(["id", 0, value]).message;
  };

  for (const [what, text, expected] of [
    ["money in the currency's units", shown(BIGINT, 123_456_789, "money"), "$1,234,567.89"],
    ["money of a currency without cents", shown(BIGINT, 1234, "money", "JPY"), "¥1,234"],
    ["a mean of money", shown(DOUBLE, 1234.5, "money"), "$12.35"],
    ["a share", shown(DOUBLE, 0.4321, "percent"), "43.2%"],
    ["a count", shown(BIGINT, 12_345), "12,345"],
    ["a number", shown(DOUBLE, 12.3456), "12.35"],
    ["a small number", shown(DOUBLE, -0.0012345), "-0.00123"],
    ["a time", shown(TIMESTAMP, Date.UTC(2026, 0, 5, 9, 30)), "2026-01-05T09:30:00Z"],
    ["a truth", shown(BOOLEAN, false), "false"],
    ["text as it is", shown(STRING, "web"), "web"],
    ["what isn't known", shown(DOUBLE, null, "percent"), "unknown"],
    ["a list", shown(arrayOf(STRING), ["a", "b"]), "a, b"],
    [
      "the first of many",
      shown(
        arrayOf(BIGINT),
        [..."abcdefghijkl"].map((_, i) => i),
      ),
      "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more",
    ],
  ] as const)
    test(what, () => assert.equal(text, expected));
});

test("a raised alert has its key as JSON, nulls dropped, and the time that its table shows", () => {
  const columns = [
    column("alert_id", STRING),
    column("window_end", TIMESTAMP),
    column("kind", STRING),
    column("n", BIGINT),
  ];
  const alert = alertOver(columns, ["window_end", "kind"], ["n is ", { column: 3, format: null }]);
  const read = alertReader(alert, "USD");
  assert.equal(
    alertToJson(read(["f00", 0, 'a"b', 3])),
    '{"alert_id":"f00","alert":"one","severity":"warning","table":"watched","key":{"window_end":"1970-01-01T00:00:00.000Z","kind":"a\\"b"},"event_time":"1970-01-01T00:00:00.000Z","message":"n is 3"}',
  );
  assert.equal(read(["f00", null, null, 3]).key, "{}");
  assert.equal(read(["f00", null, null, 3]).eventTimeMs, null);
});
