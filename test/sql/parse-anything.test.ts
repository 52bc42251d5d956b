import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SqlParser } from "../../src/sql/parse/grammar.ts";
import { createLexer } from "../../src/sql/parse/lex.ts";
import { parseExpression, parseSelect } from "../../src/sql/parse.ts";
import { anyExpression, print, structure } from "./syntax.ts";
import { anyWords, cutModel, editedModel } from "./texts.ts";

const origin = { file: "models/any.sql", line: 3, column: 5 };

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

test("the grammar is unambiguous", () => {
  assert.doesNotThrow(() => createLexer(true));
  assert.doesNotThrow(() => new SqlParser(true));
});

test("any row of words gives a tree, or diagnostics inside the text", () => {
  fc.assert(fc.property(anyWords, holds), { numRuns: 1500 });
});

test("any characters give a tree, or diagnostics inside the text", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 60 }), holds), { numRuns: 300 });
});

test("a model with pieces cut out, doubled or replaced gives a tree, or diagnostics inside the text", () => {
  fc.assert(fc.property(fc.oneof(cutModel, editedModel), holds), { numRuns: 1500 });
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

test("a chain of a hundred thousand operators is refused, not a stack overflow", () => {
  const { diagnostics } = parseExpression(Array(100_000).fill("x = 1").join(" AND "), origin);
  assert.deepEqual(
    diagnostics.map(({ code }) => code),
    ["sql.unsupported"],
  );
});
