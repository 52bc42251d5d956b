import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Select, Syntax } from "../../src/sql/ast.ts";
import { parseExpression, parseSelect } from "../../src/sql/parse.ts";
import { print, structure } from "./syntax.ts";

const origin = { file: "models/risk.sql", line: 1, column: 1 };

function expressionOf(text: string): Syntax {
  const { expression, diagnostics } = parseExpression(text, origin);
  assert.deepEqual(diagnostics, []);
  assert.ok(expression);
  return expression;
}

function selectOf(text: string): Select {
  const { select, diagnostics } = parseSelect(text, origin);
  assert.deepEqual(diagnostics, []);
  assert.ok(select);
  return select;
}

describe("operators bind as in Spark", () => {
  const grouped: Readonly<Record<string, string>> = {
    "a + b * c": "a + (b * c)",
    "a - b - c": "(a - b) - c",
    "a / b * c % d DIV e": "(((a / b) * c) % d) DIV e",
    "a || b + c || d": "((a || b) + c) || d",
    "a || b = c": "(a || b) = c",
    "- a * b": "(- a) * b",
    "- a.b": "- a.b",
    "- - a": "- (- a)",
    "a < b = c": "(a < b) = c",
    "a = b <> c <=> d": "((a = b) <> c) <=> d",
    "a == b != c": "(a = b) <> c",
    "a = b IS NULL": "(a = b) IS NULL",
    "a = b IN (c)": "(a = b) IN (c)",
    "a = b LIKE c = d": "(a = b) LIKE (c = d)",
    "a + b NOT BETWEEN c < d AND e + f": "(a + b) NOT BETWEEN (c < d) AND (e + f)",
    "a BETWEEN b AND c AND d": "(a BETWEEN b AND c) AND d",
    "a BETWEEN b AND c = d": "a BETWEEN b AND (c = d)",
    "NOT a = b": "NOT (a = b)",
    "NOT a IS NULL": "NOT (a IS NULL)",
    "NOT NOT a AND b": "(NOT (NOT a)) AND b",
    "NOT a OR b": "(NOT a) OR b",
    "a AND NOT b OR c": "(a AND (NOT b)) OR c",
    "a OR b AND c OR d": "(a OR (b AND c)) OR d",
    "CASE a WHEN b OR c THEN d + e ELSE NOT f END = g": "(CASE a WHEN b OR c THEN d + e ELSE NOT f END) = g",
    "filter(a, x -> x > b AND x < c)": "filter(a, x -> (x > b) AND (x < c))",
    "a - INTERVAL 5 MINUTES - b": "(a - INTERVAL 5 MINUTES) - b",
  };
  for (const [text, meaning] of Object.entries(grouped)) {
    test(`${text} is ${meaning}`, () => {
      assert.deepEqual(structure(expressionOf(text)), structure(expressionOf(meaning)));
    });
  }

  for (const text of [
    "a IS NULL IS NULL",
    "a IN (b) = c",
    "a = NOT b",
    "a LIKE b LIKE c",
    "a BETWEEN b AND c OR",
  ]) {
    test(`${text} needs parentheses, or more`, () => {
      assert.equal(parseExpression(text, origin).expression, null);
    });
  }
});

describe("expressions", () => {
  const printed: Readonly<Record<string, string>> = {
    "Count ( * )": "count(*)",
    "SUM(a) filter (where b)": "sum(a) FILTER (WHERE b)",
    "a is not null": "a IS NOT NULL",
    "a not in (1, 'b')": "a NOT IN (1, 'b')",
    "not a like '\\%x'": "NOT a LIKE '\\\\%x'",
    "case when a then b end": "CASE WHEN a THEN b END",
    "cast(a as bigint)": "CAST(a AS BIGINT)",
    "`a b`.`c``d`.e": "`a b`.`c``d`.`e`",
    "a.order.limit.from_": "a.`order`.`limit`.`from_`",
    "element_at(a, -1)": "element_at(a, -1)",
    "f()": "f()",
    "a LIKE any": "a LIKE `any`",
    "true and False or NULL": "true AND false OR null",
    filter: "`filter`",
    "date + timestamp + view + first": "`date` + `timestamp` + `view` + `first`",
    "a /* one /* two */ */ + -- three\n b": "a + b",
  };
  for (const [text, expected] of Object.entries(printed)) {
    test(`${JSON.stringify(text)} is ${expected}`, () =>
      assert.equal(print(expressionOf(text), "minimal"), expected));
  }

  test("a name keeps its case, a function loses it", () => {
    assert.deepEqual(structure(expressionOf("Window.Start")), { kind: "name", parts: ["Window", "Start"] });
    assert.deepEqual(structure(expressionOf("Coalesce(A)")), {
      kind: "call",
      name: "coalesce",
      arguments: [{ kind: "name", parts: ["A"] }],
      star: false,
      filter: null,
    });
  });
});

describe("literals", () => {
  const values: Readonly<Record<string, readonly [string, unknown]>> = {
    "1": ["bigint", 1],
    "1L": ["bigint", 1],
    "-9007199254740991l": ["bigint", -9007199254740991],
    "- 1": ["bigint", -1],
    "0.1": ["double", 0.1],
    "0.1D": ["double", 0.1],
    "1d": ["double", 1],
    ".5": ["double", 0.5],
    "2.": ["double", 2],
    "1e3": ["double", 1000],
    "1.5E-2d": ["double", 0.015],
    "-0.0": ["double", 0],
    "''": ["string", ""],
    "'a\nb'": ["string", "a\nb"],
    "'it\\'s \\\"q\\\" \\\\ \\n\\t\\r\\b\\0\\Z'": ["string", 'it\'s "q" \\ \n\t\r\b\0\u001a'],
    "'\\u00e9\\U0001F600\\101\\x\\_\\%'": ["string", "é😀Ax\\_\\%"],
    "'-- no comment /*'": ["string", "-- no comment /*"],
    TRUE: ["boolean", true],
    false: ["boolean", false],
    null: ["null", null],
    "TIMESTAMP '2026-01-31T23:59:59.999Z'": ["timestamp", Date.UTC(2026, 0, 31, 23, 59, 59, 999)],
    "timestamp'2026-01-31 23:59:59.5'": ["timestamp", Date.UTC(2026, 0, 31, 23, 59, 59, 500)],
    "TIMESTAMP '2024-02-29'": ["timestamp", Date.UTC(2024, 1, 29)],
  };
  for (const [text, [type, value]] of Object.entries(values)) {
    test(`${JSON.stringify(text)} is a ${type}`, () => {
      assert.deepEqual(structure(expressionOf(text)), { kind: "literal", type, value });
    });
  }

  const intervals: Readonly<Record<string, number>> = {
    "INTERVAL 5 MINUTES": 300_000,
    "interval 1 minute": 60_000,
    "INTERVAL '5' MINUTE": 300_000,
    "INTERVAL -1 HOUR": -3_600_000,
    "INTERVAL 1 HOUR 30 MINUTES": 5_400_000,
    "INTERVAL 1 DAY - 1 HOUR": 82_800_000,
    "INTERVAL 2 WEEKS 3 SECONDS 4 MILLISECONDS": 1_209_603_004,
  };
  for (const [text, ms] of Object.entries(intervals)) {
    test(`${text} is ${ms} milliseconds`, () => {
      assert.deepEqual(structure(expressionOf(text)), { kind: "interval", ms });
    });
  }
});

describe("a SELECT", () => {
  test("has items, one relation and clauses", () => {
    const { items, from, where, groupBy, having } = selectOf(`
      SELECT window.start AS window_start, channel, count(*) AS n
      FROM scored
      WHERE event_type = 'submitted'
      GROUP BY window(event_time, '1 minute'), channel
      HAVING count(*) > 1`);
    assert.deepEqual(
      items.map((item) => (item.kind === "star" ? "*" : [print(item.expression, "minimal"), item.alias])),
      [
        ["`window`.`start`", "window_start"],
        ["`channel`", null],
        ["count(*)", "n"],
      ],
    );
    assert.deepEqual(structure(from), { kind: "relation", name: "scored" });
    assert.equal(where && print(where, "minimal"), "`event_type` = 'submitted'");
    assert.deepEqual(
      groupBy.map((key) => print(key, "minimal")),
      ["window(`event_time`, '1 minute')", "`channel`"],
    );
    assert.equal(having && print(having, "minimal"), "count(*) > 1");
  });

  test("may select from a SELECT in parentheses, and end with a semicolon", () => {
    const { items, from } = selectOf("select *, a b from (select a from `my model`) as t;");
    assert.deepEqual(structure(items), [
      { kind: "star" },
      { kind: "expression", expression: { kind: "name", parts: ["a"] }, alias: "b" },
    ]);
    assert.ok(from.kind === "subquery");
    assert.deepEqual(structure(from.select.from), { kind: "relation", name: "my model" });
  });

  test("may take rows apart with LATERAL VIEW explode", () => {
    const text = "SELECT k.v FROM t LATERAL VIEW explode(array(named_struct('v', a))) x AS k WHERE a > 1";
    const { lateralView, where } = selectOf(text);
    assert.equal(lateralView?.columnAlias, "k");
    assert.equal(lateralView && print(lateralView.argument, "minimal"), "array(named_struct('v', a))");
    assert.ok(where);
  });

  test("takes any keyword for a name after AS and after a dot", () => {
    const { items } = selectOf("SELECT a AS end, loan.limit AS order FROM t");
    assert.deepEqual(
      items.map((item) => item.kind === "expression" && item.alias),
      ["end", "order"],
    );
  });
});

describe("positions", () => {
  test("every node knows its text, line and column", () => {
    const text = "SELECT a,\n  b + c AS d\nFROM t\nWHERE (a = 1)";
    const { items, where, span } = selectOf(text);
    const textOf = ({ start, end }: { start: number; end: number }) => text.slice(start, end);
    const second = items[1];
    assert.ok(second?.kind === "expression");
    assert.equal(textOf(second.span), "b + c AS d");
    assert.equal(textOf(second.expression.span), "b + c");
    assert.deepEqual([second.span.line, second.span.column], [2, 3]);
    assert.equal(where && textOf(where.span), "a = 1");
    assert.deepEqual([where?.span.line, where?.span.column], [4, 8]);
    assert.equal(textOf(span), text);
  });

  test("count from where the text starts in its file", () => {
    const inside = { file: "scorecards/risk.yaml", line: 12, column: 21 };
    const { expression } = parseExpression("a = 1 AND\nb", inside);
    assert.ok(expression?.kind === "binary");
    assert.deepEqual([expression.left.span.line, expression.left.span.column], [12, 21]);
    assert.deepEqual([expression.right.span.line, expression.right.span.column], [13, 1]);
    const { diagnostics } = parseExpression("a = = 1", inside);
    assert.deepEqual(diagnostics[0]?.place, { file: "scorecards/risk.yaml", line: 12, column: 25 });
  });
});
