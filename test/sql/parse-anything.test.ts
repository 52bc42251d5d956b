import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseExpression, parseSelect } from "../../src/sql/parse.ts";
import { anyExpression, print, structure } from "./syntax.ts";

const origin = { file: "models/any.sql", line: 3, column: 5 };

const WORDS =
  `SELECT FROM WHERE GROUP BY HAVING LATERAL VIEW OUTER explode AS a b \`c\` t.x 'text' 'it''s' "q" 1 2L 0.5 1e3 .5
  1x ( ) [ ] , ; . * + - / % || = == <> != < <= > >= <=> -> :: ! ~ & | ^ @ é CASE WHEN THEN ELSE END CAST TRY_CAST BIGINT
  INT INTERVAL 5 MINUTES MONTHS TO TIMESTAMP '2026-01-01' DATE NOT IN BETWEEN AND OR LIKE ILIKE RLIKE ESCAPE IS NULL TRUE
  FALSE DISTINCT ALL ANY FILTER OVER EXISTS JOIN LEFT ON USING CROSS PIVOT UNION EXCEPT MINUS WITH ROLLUP GROUPING SETS
  ORDER SORT LIMIT OFFSET ' " \` /* */ -- /*+ DIV count sum extract current_date`.split(/\s+/);

const MODEL = `SELECT window.start AS window_start, channel, count(*) FILTER (WHERE x = 'a') AS n, -1, b NOT IN (1, 2)
FROM (SELECT *, CASE WHEN a > 1 THEN 2 ELSE 3 END AS b FROM scored) s
LATERAL VIEW explode(array(named_struct('k', a), named_struct('k', b))) t AS k
WHERE a IS NOT NULL AND b BETWEEN 1 AND 2 OR c LIKE '%x' -- why
GROUP BY window(event_time, '1 minute'), channel HAVING count(*) > 3;`;

function holds(text: string): void {
  const lines = text.split(/\r\n|\r|\n/);
  for (const { diagnostics, tree } of [
    ...[parseSelect(text, origin)].map(({ diagnostics, select }) => ({ diagnostics, tree: select })),
    ...[parseExpression(text, origin)].map(({ diagnostics, expression }) => ({
      diagnostics,
      tree: expression,
    })),
  ]) {
    assert.equal(tree === null, diagnostics.length > 0, "either a tree or diagnostics");
    for (const { place, message, remedy } of diagnostics) {
      const line = (place.line ?? 0) - origin.line;
      const column = (place.column ?? 0) - (line === 0 ? origin.column : 1);
      assert.ok(line >= 0 && line < lines.length, `line ${place.line} of ${message}`);
      assert.ok(column >= 0 && column <= (lines[line]?.length ?? -1), `column ${place.column} of ${message}`);
      assert.ok(message.length > 0 && remedy.length > 0 && place.file === origin.file);
    }
  }
}

test("any row of words gives a tree, or diagnostics inside the text", () => {
  const soup = fc.array(fc.constantFrom(...WORDS), { maxLength: 40 }).map((words) => words.join(" "));
  fc.assert(fc.property(soup, holds), { numRuns: 1500 });
});

test("any characters give a tree, or diagnostics inside the text", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 60 }), holds), { numRuns: 300 });
});

test("a model with a piece cut out, doubled or replaced gives a tree, or diagnostics inside the text", () => {
  const cut = fc.record({
    from: fc.nat(MODEL.length),
    length: fc.nat(30),
    piece: fc.oneof(fc.constant(""), fc.constantFrom(...WORDS)),
  });
  const mutated = cut.map(
    ({ from, length, piece }) => MODEL.slice(0, from) + piece + MODEL.slice(from + length),
  );
  fc.assert(fc.property(mutated, holds), { numRuns: 1500 });
});

for (const [what, piece] of Object.entries({
  parentheses: "(",
  "CASE expressions": "CASE ",
  negations: "NOT ",
  signs: "- ",
  lambdas: "x -> ",
  calls: "f(",
  mixtures: "- (NOT x -> [",
  subqueries: "SELECT a FROM (",
})) {
  test(`ten thousand nested ${what} are refused, not a stack overflow`, () => {
    holds(piece.repeat(10_000));
    holds(`SELECT ${piece.repeat(10_000)} FROM t`);
  });
}

test("what is printed with the fewest parentheses, or with all, is read as the same tree", () => {
  fc.assert(
    fc.property(anyExpression, fc.constantFrom("minimal" as const, "full" as const), (tree, style) => {
      const { expression, diagnostics } = parseExpression(print(tree, style), origin);
      assert.deepEqual(diagnostics, []);
      assert.deepEqual(structure(expression), structure(tree));
    }),
    { numRuns: 1000 },
  );
});

test("a span is the text of its expression", () => {
  fc.assert(
    fc.property(anyExpression, (tree) => {
      const text = `  ${print(tree, "minimal")} `;
      const { expression } = parseExpression(text, origin);
      assert.ok(expression);
      const again = parseExpression(text.slice(expression.span.start, expression.span.end), origin);
      assert.deepEqual(structure(again.expression), structure(tree));
    }),
    { numRuns: 300 },
  );
});
