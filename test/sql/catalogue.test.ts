/** The catalogue as a table: of each function what it yields (type, range, null) and what is refused. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { analyseExpression } from "../../src/sql/analyse.ts";
import { bigint, column, NO_LINEAGE, text, typeName } from "../../src/sql/build.ts";
import { callableNames, functionNames, tryCall } from "../../src/sql/catalogue/catalogue.ts";
import type { Column, Expr } from "../../src/sql/plan.ts";
import {
  arrayOf,
  BIGINT,
  BOOLEAN,
  DOUBLE,
  FINITE,
  type Range,
  SAFE,
  type SqlType,
  STRING,
  TIMES,
  TIMESTAMP,
  WIDE,
} from "../../src/sql/types.ts";

const columnOf = (name: string, type: SqlType, range: Range | null, nullable = true): Column => ({
  ...{ name, type, range, nullable, lineage: NO_LINEAGE, eventTime: false },
});

/** `sure` is never null. */
const columns: readonly Column[] = [
  columnOf("n", BIGINT, { low: -10, high: 10 }),
  columnOf("sure", BIGINT, { low: 1, high: 12 }, false),
  columnOf("big", BIGINT, SAFE),
  columnOf("p", DOUBLE, { low: 0.25, high: 1 }),
  columnOf("x", DOUBLE, { low: -1000, high: 1000 }),
  columnOf("y", DOUBLE, FINITE),
  columnOf("s", STRING, null),
  columnOf("flag", BOOLEAN, null),
  columnOf("t", TIMESTAMP, { low: 0, high: 3_600_000 }),
  columnOf("tags", arrayOf(STRING), null),
  { ...columnOf("h", arrayOf(BIGINT), { low: 0, high: 100 }), histogram: { bounds: [1, 5], minimum: 0 } },
  {
    ...columnOf("unbounded", arrayOf(BIGINT), { low: 0, high: 100 }),
    histogram: { bounds: [1], minimum: null },
  },
];

const origin = { file: "catalogue.sql", line: 1, column: 1 };
const analyse = (sql: string) => analyseExpression(sql, origin, columns);

/** Such as `BIGINT -10..10 or null`. */
function signatureOf({ type, range, nullable }: Expr): string {
  const bounds = range ? ` ${boundOf(range.low)}..${boundOf(range.high)}` : "";
  return `${typeName(type)}${bounds}${nullable ? " or null" : ""}`;
}

function boundOf(bound: number): string {
  if (Math.abs(bound) === FINITE.high) return bound < 0 ? "-max" : "max";
  if (bound === TIMES.low || bound === TIMES.high) return new Date(bound).toISOString().slice(0, 4);
  if (Math.abs(bound) === SAFE.high) return bound < 0 ? "-2^53" : "2^53";
  return String(Number(bound.toPrecision(6)));
}

interface Row {
  /** SQL, and the type, range and null of its value. */
  readonly yields: readonly (readonly [sql: string, signature: string])[];
  /** SQL, and the code of the complaint. */
  readonly refuses: readonly (readonly [sql: string, code: string])[];
}

const specification: Readonly<Record<string, Row>> = {
  "+": {
    yields: [
      ["n + 1", "BIGINT -9..11 or null"],
      ["n + x", "DOUBLE -1010..1010 or null"],
      ["x + y", "DOUBLE -max..max or null"],
      ["NULL + n", "BIGINT -10..10 or null"],
    ],
    refuses: [
      ["n + 'a'", "sql.type-mismatch"],
      ["big + big", "sql.out-of-range"],
      ["t + 1", "sql.type-mismatch"],
      ["flag + 1", "sql.type-mismatch"],
    ],
  },
  "-": {
    yields: [
      ["n - sure", "BIGINT -22..9 or null"],
      ["x - y", "DOUBLE -max..max or null"],
    ],
    refuses: [
      ["big - big", "sql.out-of-range"],
      ["t - t", "sql.type-mismatch"],
      ["s - 1", "sql.type-mismatch"],
    ],
  },
  "*": {
    yields: [
      ["n * sure", "BIGINT -120..120 or null"],
      ["x * 2", "DOUBLE -2000..2000 or null"],
      ["x * n", "DOUBLE -10000..10000 or null"],
    ],
    refuses: [
      ["big * 2", "sql.out-of-range"],
      ["s * 2", "sql.type-mismatch"],
    ],
  },
  "/": {
    yields: [
      ["n / sure", "DOUBLE -10..10 or null"],
      ["n / 0", "DOUBLE 0..0 or null"],
      ["x / y", "DOUBLE -max..max or null"],
      ["1 / p", "DOUBLE 1..4 or null"],
    ],
    refuses: [
      ["s / 2", "sql.type-mismatch"],
      ["t / 2", "sql.type-mismatch"],
    ],
  },
  "%": {
    yields: [
      ["n % 7", "BIGINT -7..7 or null"],
      ["big % 7", "BIGINT -7..7 or null"],
      ["sure % 5", "BIGINT 0..5 or null"],
      ["x % 0.3", "DOUBLE -0.3..0.3 or null"],
    ],
    refuses: [
      ["s % 2", "sql.type-mismatch"],
      ["flag % 2", "sql.type-mismatch"],
    ],
  },
  div: {
    yields: [
      ["n DIV 7", "BIGINT -10..10 or null"],
      ["big DIV sure", "BIGINT -2^53..2^53 or null"],
    ],
    refuses: [
      ["x DIV 2", "sql.type-mismatch"],
      ["s DIV 2", "sql.type-mismatch"],
    ],
  },
  negate: {
    yields: [
      ["-n", "BIGINT -10..10 or null"],
      ["-x", "DOUBLE -1000..1000 or null"],
    ],
    refuses: [
      ["-s", "sql.type-mismatch"],
      ["-t", "sql.type-mismatch"],
    ],
  },
  abs: {
    yields: [
      ["abs(n)", "BIGINT 0..10 or null"],
      ["abs(x)", "DOUBLE 0..1000 or null"],
    ],
    refuses: [
      ["abs(s)", "sql.type-mismatch"],
      ["abs(n, 1)", "sql.argument-count"],
    ],
  },
  round: {
    yields: [
      ["round(x)", "DOUBLE -1000..1000 or null"],
      ["round(p, 2)", "DOUBLE 0.25..1 or null"],
    ],
    refuses: [
      ["round(n)", "sql.type-mismatch"],
      ["round(x, 10)", "sql.literal-required"],
      ["round(x, -1)", "sql.literal-required"],
      ["round(x, n)", "sql.literal-required"],
      ["round()", "sql.argument-count"],
    ],
  },
  floor: {
    yields: [
      ["floor(p)", "BIGINT 0..1 or null"],
      ["floor(x)", "BIGINT -1000..1000 or null"],
    ],
    refuses: [
      ["floor(n)", "sql.type-mismatch"],
      ["floor(y)", "sql.out-of-range"],
    ],
  },
  exp: {
    yields: [
      ["exp(p)", "DOUBLE 1.28403..2.71828 or null"],
      ["exp(n)", "DOUBLE 0.0000453999..22026.5 or null"],
      ["exp(y)", "DOUBLE 0..max or null"],
    ],
    refuses: [
      ["exp(s)", "sql.type-mismatch"],
      ["exp()", "sql.argument-count"],
    ],
  },
  ln: {
    yields: [
      ["ln(p)", "DOUBLE -1.38629..0 or null"],
      ["ln(n)", "DOUBLE -744.44..2.30259 or null"],
    ],
    refuses: [
      ["ln(s)", "sql.type-mismatch"],
      ["ln(1, 2)", "sql.argument-count"],
    ],
  },
  shift_time: {
    yields: [
      ["t + INTERVAL 1 HOUR", "TIMESTAMP 3600000..7200000 or null"],
      ["t - INTERVAL 1 DAY", "TIMESTAMP -86400000..-82800000 or null"],
    ],
    refuses: [
      ["s + INTERVAL 1 HOUR", "sql.type-mismatch"],
      ["n + INTERVAL 1 HOUR", "sql.type-mismatch"],
    ],
  },
  "<": {
    yields: [
      ["n < x", "BOOLEAN or null"],
      ["s < 'b'", "BOOLEAN or null"],
      ["t < TIMESTAMP '2026-01-01'", "BOOLEAN or null"],
    ],
    refuses: [
      ["flag < true", "sql.type-mismatch"],
      ["n < 'a'", "sql.type-mismatch"],
      ["tags < tags", "sql.type-mismatch"],
    ],
  },
  "<=": {
    yields: [["n <= 1", "BOOLEAN or null"]],
    refuses: [["flag <= true", "sql.type-mismatch"]],
  },
  ">": {
    yields: [["sure > 1", "BOOLEAN"]],
    refuses: [["s > 1", "sql.type-mismatch"]],
  },
  ">=": {
    yields: [["p >= 0.5", "BOOLEAN or null"]],
    refuses: [["t >= '2026-01-01'", "sql.type-mismatch"]],
  },
  "=": {
    yields: [
      ["flag = true", "BOOLEAN or null"],
      ["n = NULL", "BOOLEAN or null"],
      ["s = 'a'", "BOOLEAN or null"],
    ],
    refuses: [
      ["tags = tags", "sql.type-mismatch"],
      ["s = 1", "sql.type-mismatch"],
      ["n = flag", "sql.type-mismatch"],
    ],
  },
  "<>": {
    yields: [["sure <> 1", "BOOLEAN"]],
    refuses: [["s <> 1", "sql.type-mismatch"]],
  },
  "<=>": {
    yields: [
      ["n <=> NULL", "BOOLEAN"],
      ["s <=> 'a'", "BOOLEAN"],
    ],
    refuses: [["s <=> 1", "sql.type-mismatch"]],
  },
  and: {
    yields: [
      ["flag AND n > 1", "BOOLEAN or null"],
      ["true AND false", "BOOLEAN"],
    ],
    refuses: [["flag AND n", "sql.type-mismatch"]],
  },
  or: {
    yields: [["flag OR n > 1", "BOOLEAN or null"]],
    refuses: [["flag OR s", "sql.type-mismatch"]],
  },
  not: {
    yields: [
      ["NOT flag", "BOOLEAN or null"],
      ["NOT n > 1", "BOOLEAN or null"],
      ["n NOT IN (1, 2)", "BOOLEAN or null"],
    ],
    refuses: [["NOT n", "sql.type-mismatch"]],
  },
  is_null: {
    yields: [
      ["n IS NULL", "BOOLEAN"],
      ["tags IS NULL", "BOOLEAN"],
    ],
    refuses: [],
  },
  is_not_null: {
    yields: [["s IS NOT NULL", "BOOLEAN"]],
    refuses: [],
  },
  in: {
    yields: [
      ["n IN (1, 2)", "BOOLEAN or null"],
      ["n IN (0.5)", "BOOLEAN or null"],
      ["s IN ('a')", "BOOLEAN or null"],
    ],
    refuses: [
      ["n IN (sure)", "sql.literal-required"],
      ["n IN (1, NULL)", "sql.literal-required"],
      ["n IN ('a')", "sql.type-mismatch"],
    ],
  },
  like: {
    yields: [
      ["s LIKE 'a%'", "BOOLEAN or null"],
      ["s NOT LIKE '\\\\%'", "BOOLEAN or null"],
    ],
    refuses: [
      ["n LIKE 'a'", "sql.type-mismatch"],
      ["s LIKE s", "sql.literal-required"],
      ["s LIKE '😀_'", "sql.literal-required"],
      ["s LIKE 'a\\\\'", "sql.literal-required"],
    ],
  },
  case: {
    yields: [
      ["CASE WHEN n > 1 THEN 1 ELSE 2 END", "BIGINT 1..2"],
      ["CASE WHEN n > 1 THEN n ELSE x END", "DOUBLE -1000..1000 or null"],
      ["CASE n WHEN 1 THEN 'a' END", "STRING or null"],
    ],
    refuses: [
      ["CASE WHEN n THEN 1 END", "sql.type-mismatch"],
      ["CASE WHEN n > 1 THEN 1 ELSE 'a' END", "sql.type-mismatch"],
    ],
  },
  coalesce: {
    yields: [
      ["coalesce(n, 0)", "BIGINT -10..10"],
      ["coalesce(n, x)", "DOUBLE -1000..1000 or null"],
      ["coalesce(NULL, s)", "STRING or null"],
    ],
    refuses: [
      ["coalesce(n, 's')", "sql.type-mismatch"],
      ["coalesce()", "sql.argument-count"],
      ["coalesce(NULL)", "sql.type-mismatch"],
    ],
  },
  nullif: {
    yields: [
      ["nullif(sure, 1)", "BIGINT 1..12 or null"],
      ["nullif(s, '')", "STRING or null"],
      ["nullif(x, 1)", "DOUBLE -1000..1000 or null"],
    ],
    refuses: [
      ["nullif(n, x)", "sql.type-mismatch"],
      ["nullif(n)", "sql.argument-count"],
      ["nullif(tags, tags)", "sql.type-mismatch"],
    ],
  },
  greatest: {
    yields: [
      ["greatest(n, 0)", "BIGINT 0..10"],
      ["greatest(n, x)", "DOUBLE -1000..1000 or null"],
      ["greatest(s, 'a')", "STRING"],
    ],
    refuses: [
      ["greatest(n)", "sql.argument-count"],
      ["greatest(n, 's')", "sql.type-mismatch"],
      ["greatest(flag, true)", "sql.type-mismatch"],
    ],
  },
  least: {
    yields: [
      ["least(n, 5)", "BIGINT -10..5"],
      ["least(sure, 5)", "BIGINT 1..5"],
    ],
    refuses: [
      ["least(n)", "sql.argument-count"],
      ["least(tags, tags)", "sql.type-mismatch"],
    ],
  },
  cast_double: {
    yields: [
      ["CAST(n AS DOUBLE)", "DOUBLE -10..10 or null"],
      ["CAST(x AS DOUBLE)", "DOUBLE -1000..1000 or null"],
    ],
    refuses: [
      ["CAST(s AS DOUBLE)", "sql.type-mismatch"],
      ["CAST(flag AS DOUBLE)", "sql.type-mismatch"],
    ],
  },
  cast_bigint: {
    yields: [
      ["CAST(p AS BIGINT)", "BIGINT 0..1 or null"],
      ["CAST(flag AS BIGINT)", "BIGINT 0..1 or null"],
      ["CAST(NULL AS BIGINT)", "BIGINT 0..0 or null"],
    ],
    refuses: [
      ["CAST(y AS BIGINT)", "sql.out-of-range"],
      ["CAST(s AS BIGINT)", "sql.type-mismatch"],
      ["CAST(t AS BIGINT)", "sql.type-mismatch"],
    ],
  },
  cast_string: {
    yields: [
      ["CAST(n AS STRING)", "STRING or null"],
      ["CAST(flag AS STRING)", "STRING or null"],
    ],
    refuses: [
      ["CAST(x AS STRING)", "sql.type-mismatch"],
      ["CAST(t AS STRING)", "sql.type-mismatch"],
    ],
  },
  cast_boolean: {
    yields: [
      ["CAST(flag AS BOOLEAN)", "BOOLEAN or null"],
      ["CAST(NULL AS BOOLEAN)", "BOOLEAN or null"],
    ],
    refuses: [["CAST(n AS BOOLEAN)", "sql.type-mismatch"]],
  },
  cast_timestamp: {
    yields: [["CAST(t AS TIMESTAMP)", "TIMESTAMP 0..3600000 or null"]],
    refuses: [
      ["CAST(n AS TIMESTAMP)", "sql.type-mismatch"],
      ["CAST(s AS TIMESTAMP)", "sql.type-mismatch"],
    ],
  },
  concat: {
    yields: [
      ["concat(s, 'a')", "STRING or null"],
      ["s || s", "STRING or null"],
      ["concat(s, NULL)", "STRING or null"],
    ],
    refuses: [
      ["concat(s, n)", "sql.type-mismatch"],
      ["concat()", "sql.argument-count"],
    ],
  },
  concat_ws: {
    yields: [["concat_ws('-', s, s)", "STRING"]],
    refuses: [
      ["concat_ws(s, s)", "sql.literal-required"],
      ["concat_ws('-')", "sql.argument-count"],
      ["concat_ws('-', n)", "sql.type-mismatch"],
    ],
  },
  substr: {
    yields: [
      ["substr(s, 2)", "STRING or null"],
      ["substr(s, -2, 1)", "STRING or null"],
    ],
    refuses: [
      ["substr(s, n)", "sql.literal-required"],
      ["substr(s, 1, -1)", "sql.literal-required"],
      ["substr(n, 1)", "sql.type-mismatch"],
      ["substr(s)", "sql.argument-count"],
    ],
  },
  mask: {
    yields: [["mask(s)", "STRING or null"]],
    refuses: [
      ["mask(n)", "sql.type-mismatch"],
      ["mask(s, 'X')", "sql.argument-count"],
    ],
  },
  sha2: {
    yields: [["sha2(s, 256)", "STRING or null"]],
    refuses: [
      ["sha2(s, 1)", "sql.literal-required"],
      ["sha2(n, 256)", "sql.type-mismatch"],
      ["sha2(s)", "sql.argument-count"],
    ],
  },
  array: {
    yields: [
      ["array(n, 1.5)", "ARRAY<DOUBLE> -10..10"],
      ["array(s, NULL)", "ARRAY<STRING>"],
    ],
    refuses: [
      ["array()", "sql.argument-count"],
      ["array(n, 's')", "sql.type-mismatch"],
      ["array(NULL)", "sql.type-mismatch"],
      ["array(tags)", "sql.type-mismatch"],
    ],
  },
  size: {
    yields: [
      ["size(tags)", "BIGINT -1..2147480000"],
      ["size(array(n))", "BIGINT 0..2147480000"],
    ],
    refuses: [
      ["size(s)", "sql.type-mismatch"],
      ["size()", "sql.argument-count"],
    ],
  },
  slice: {
    yields: [["slice(tags, 1, 2)", "ARRAY<STRING> or null"]],
    refuses: [
      ["slice(tags, 0, 2)", "sql.literal-required"],
      ["slice(tags, 1, -1)", "sql.literal-required"],
      ["slice(tags, n, 1)", "sql.literal-required"],
      ["slice(s, 1, 1)", "sql.type-mismatch"],
    ],
  },
  element_at: {
    yields: [
      ["element_at(tags, 1)", "STRING or null"],
      ["element_at(array(n, 7), -1)", "BIGINT -10..10 or null"],
    ],
    refuses: [
      ["element_at(tags, 0)", "sql.literal-required"],
      ["element_at(tags, n)", "sql.literal-required"],
      ["element_at(s, 1)", "sql.type-mismatch"],
    ],
  },
  array_sort: {
    yields: [["array_sort(tags)", "ARRAY<STRING> or null"]],
    refuses: [
      ["array_sort(s)", "sql.type-mismatch"],
      ["array_sort(tags, tags)", "sql.argument-count"],
    ],
  },
  filter: {
    yields: [
      ["filter(tags, x -> x > 'a')", "ARRAY<STRING> or null"],
      ["filter(array(n, 3), x -> x > 1)", "ARRAY<BIGINT> -10..10"],
    ],
    refuses: [
      ["filter(tags, 1)", "sql.type-mismatch"],
      ["filter(tags, x -> 1)", "sql.type-mismatch"],
      ["filter(s, x -> true)", "sql.type-mismatch"],
    ],
  },
  date_trunc: {
    yields: [
      ["date_trunc('HOUR', t)", "TIMESTAMP 0..3600000 or null"],
      ["date_trunc('week', t)", "TIMESTAMP -259200000..3600000 or null"],
    ],
    refuses: [
      ["date_trunc('CENTURY', t)", "sql.literal-required"],
      ["date_trunc(s, t)", "sql.literal-required"],
      ["date_trunc('DAY', n)", "sql.type-mismatch"],
    ],
  },
  unix_millis: {
    yields: [["unix_millis(t)", "BIGINT 0..3600000 or null"]],
    refuses: [["unix_millis(n)", "sql.type-mismatch"]],
  },
  timestamp_millis: {
    yields: [["timestamp_millis(n)", "TIMESTAMP -10..10 or null"]],
    refuses: [
      ["timestamp_millis(big)", "sql.out-of-range"],
      ["timestamp_millis(t)", "sql.type-mismatch"],
    ],
  },
  quantile: {
    yields: [["quantile(h, 0.5)", "DOUBLE 0..5 or null"]],
    refuses: [
      ["quantile(tags, 0.5)", "sql.type-mismatch"],
      ["quantile(h, 0)", "sql.literal-required"],
      ["quantile(h, p)", "sql.literal-required"],
      ["quantile(unbounded, 0.5)", "sql.out-of-range"],
    ],
  },
  psi: {
    yields: [["psi(h, array(0.2, 0.5, 0.3))", "DOUBLE 0..60 or null"]],
    refuses: [
      ["psi(h, array(0.5, 0.5))", "sql.literal-required"],
      ["psi(tags, array(1))", "sql.type-mismatch"],
      ["psi(h, tags)", "sql.literal-required"],
    ],
  },
};

test("the specification has every function but the one that only scorecards call", () => {
  assert.deepEqual([...Object.keys(specification), "top_reasons"].sort(), [...functionNames].sort());
});

for (const [name, { yields, refuses }] of Object.entries(specification)) {
  test(`${name}: types, ranges and nulls`, () => {
    const found = yields.map(([sql]) => {
      const { expression, diagnostics } = analyse(sql);
      return [sql, expression ? signatureOf(expression) : diagnostics[0]?.message];
    });
    assert.deepEqual(found, yields);
    assert.ok(
      yields.some(([sql]) => holds(analyse(sql).expression, name)),
      `no example calls ${name}`,
    );
  });
  if (refuses.length > 0)
    test(`${name}: what is refused`, () => {
      const found = refuses.map(([sql]) => [sql, analyse(sql).diagnostics[0]?.code]);
      assert.deepEqual(found, refuses);
    });
}

function holds(expression: Expr | null, name: string): boolean {
  return (
    expression?.kind === "call" && (expression.fn === name || expression.args.some((arg) => holds(arg, name)))
  );
}

test("every refusal says what to write instead, and where", () => {
  for (const { refuses } of Object.values(specification))
    for (const [sql] of refuses)
      for (const { remedy, place } of analyse(sql).diagnostics) {
        assert.match(remedy, /\w.*\.$/u, sql);
        assert.ok(place.line && place.column, sql);
      }
});

test("top_reasons takes pairs of points lost and a code, and never points that leave ±(2^53-1)", () => {
  const points = column(columns, 0);
  const made = tryCall("top_reasons", [points, text("R1"), bigint(3), text("R2")]);
  assert.ok(!("refused" in made));
  assert.equal(signatureOf(made), "ARRAY<STRING>");
  const wide: Expr = { ...points, range: WIDE };
  for (const args of [[], [points], [text("R1"), points], [wide, text("R1")]])
    assert.ok("refused" in tryCall("top_reasons", args));
});

test("docs/sql.md describes every function that can be called, with what else the catalogue has", () => {
  const page = readFileSync(new URL("../../docs/sql.md", import.meta.url), "utf8");
  const spelled: Readonly<Record<string, string>> = {
    ...{ negate: "-x", and: "AND", or: "OR", not: "NOT", in: "IN", like: "LIKE", case: "CASE", div: "DIV" },
    ...{ is_null: "IS NULL", is_not_null: "IS NOT NULL", shift_time: "INTERVAL", top_reasons: "reasons" },
    ...{ cast_double: "AS DOUBLE", cast_bigint: "AS BIGINT", cast_string: "AS STRING" },
    ...{ cast_boolean: "AS BOOLEAN", cast_timestamp: "AS TIMESTAMP" },
  };
  const rows = page.split("\n").filter((line) => line.startsWith("| `"));
  const isThere = (name: string) =>
    rows.some((row) =>
      row.split(" | ")[0]?.includes(callableNames.includes(name) ? `\`${name}(` : (spelled[name] ?? name)),
    );
  assert.deepEqual(
    functionNames.filter((name) => !isThere(name)),
    [],
  );
});
