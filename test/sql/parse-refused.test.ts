import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseExpression, parseSelect } from "../../src/sql/parse.ts";

const origin = { file: "models/risk.sql", line: 1, column: 1 };

/** `↑` stands before the place that the complaint must name. */
function refusalOf(marked: string, parse: (text: string) => readonly Complaint[]): void {
  const text = marked.replace("↑", "");
  const before = marked.slice(0, marked.indexOf("↑"));
  const complaints = parse(text);
  assert.equal(complaints.length, 1, JSON.stringify(complaints));
  assert.deepEqual(complaints[0]?.place, {
    file: origin.file,
    line: before.split("\n").length,
    column: before.length - before.lastIndexOf("\n"),
  });
}

type Complaint = ReturnType<typeof parseSelect>["diagnostics"][number];
const inSelect = (text: string) => parseSelect(text, origin).diagnostics;
const inExpression = (text: string) => parseExpression(text, origin).diagnostics;

type Refusals = readonly (readonly [text: string, message: RegExp, remedy: RegExp])[];

function refuses(code: string, parse: (text: string) => readonly Complaint[], refusals: Refusals): void {
  for (const [marked, message, remedy] of refusals) {
    test(JSON.stringify(marked), () => {
      refusalOf(marked, parse);
      const [complaint] = parse(marked.replace("↑", ""));
      assert.equal(complaint?.code, code);
      assert.match(complaint?.message ?? "", message);
      assert.match(complaint?.remedy ?? "", remedy);
    });
  }
}

describe("what Spark has and the language refuses, with what to write instead: around a SELECT", () => {
  refuses("sql.unsupported", inSelect, [
    ["SELECT a FROM t ↑JOIN u ON t.a = u.a WHERE b", /no joins/, /one|model/],
    ["SELECT a FROM t ↑LEFT OUTER JOIN u USING (a)", /no joins/, /model/],
    ["SELECT a FROM t↑, u WHERE t.a = u.a", /no joins/, /model/],
    ["SELECT a FROM t ↑CROSS JOIN u NATURAL JOIN v", /no joins/, /model/],
    ["SELECT a FROM t ↑UNION ALL SELECT a FROM u WHERE a GROUP BY a", /UNION/, /CASE/],
    ["SELECT a FROM t WHERE b ↑EXCEPT SELECT a FROM u", /EXCEPT/, /OR/],
    ["↑WITH x AS (SELECT a FROM t) SELECT a FROM x", /WITH/, /model/],
    ["SELECT a FROM t ↑ORDER BY a DESC NULLS LAST", /no order/, /Sort/],
    ["SELECT a FROM t ↑SORT BY a", /no order/, /Sort/],
    ["SELECT a FROM t WHERE a ↑LIMIT 10;", /LIMIT/, /cut/],
    ["SELECT ↑DISTINCT a FROM t", /DISTINCT/, /GROUP BY/],
    ["SELECT ↑ALL a FROM t", /ALL/, /Leave it out/],
    ["SELECT t.↑* FROM t", /star/, /\*/],
    ["SELECT * ↑EXCEPT (a) FROM t", /EXCEPT/, /Name the columns/],
    ["SELECT a FROM t ↑x", /alias/, /Leave it out/],
    ["SELECT a FROM t AS ↑x WHERE x.a", /alias/, /Leave it out/],
    ["SELECT a FROM db↑.t", /one name/, /model/],
    ["SELECT a FROM t ↑PIVOT (sum(a) FOR b IN (1, 2))", /one relation/, /model/],
    ["SELECT a FROM t ↑TABLESAMPLE (10 ROWS)", /one relation/, /model/],
    ["SELECT a FROM t LATERAL VIEW ↑OUTER explode(a) x AS k", /OUTER/, /Leave OUTER out/],
    ["SELECT a FROM t LATERAL VIEW ↑posexplode(a) x AS k", /only explode/, /explode\(array/],
    [
      "SELECT a FROM t LATERAL VIEW explode(a) x AS k ↑LATERAL VIEW explode(b) y AS l",
      /one LATERAL/,
      /model/,
    ],
    ["SELECT a FROM t GROUP BY b, ↑1", /position/, /expression itself/],
    ["SELECT a FROM t GROUP BY ↑ALL", /GROUP BY ALL/, /Name each/],
    ["SELECT a FROM t GROUP BY ↑GROUPING SETS ((a), (b)) HAVING a", /GROUPING SETS/, /model/],
    ["SELECT a FROM t GROUP BY ↑ROLLUP (a, b)", /ROLLUP/, /model/],
    ["SELECT a FROM t GROUP BY a, b ↑WITH CUBE", /CUBE/, /model/],
    ["SELECT ↑/*+ BROADCAST(t) */ a FROM t", /hints/, /Remove/],
  ]);
});

describe("what Spark has and the language refuses, with what to write instead: in an expression", () => {
  refuses("sql.unsupported", inExpression, [
    ["count(↑DISTINCT x)", /DISTINCT/, /size\(collect_set\(x\)\)/],
    ["sum(↑DISTINCT x)", /DISTINCT/, /collect_set/],
    ["sum(x) ↑OVER (PARTITION BY y ORDER BY z)", /OVER/, /GROUP BY window/],
    ["rank() ↑OVER w", /OVER/, /GROUP BY window/],
    ["a IN (↑SELECT b FROM t)", /subquery/, /model/],
    ["EXISTS (↑SELECT b FROM t WHERE (a))", /subquery/, /model/],
    ["a = (↑SELECT max(b) FROM t)", /subquery/, /model/],
    ["a↑::int + 1", /::/, /CAST\(x AS BIGINT\)/],
    ["a↑[0]", /subscript/, /element_at/],
    ["f(a)↑.b", /dot/, /subquery/],
    ["sum(↑*)", /only count/, /count\(\*\)/],
    ["a ↑RLIKE 'x'", /regular expressions/, /LIKE/],
    ["a NOT ↑REGEXP 'x'", /regular expressions/, /LIKE/],
    ["a ↑ILIKE 'x'", /ILIKE/, /IN/],
    ["a LIKE ↑ANY ('x', 'y')", /LIKE ANY/, /OR/],
    ["a LIKE 'x' ↑ESCAPE '/'", /ESCAPE/, /backslash/],
    ["a ↑IS DISTINCT FROM b", /DISTINCT FROM/, /<=>/],
    ["a IS NOT ↑TRUE", /IS TRUE/, /<=>/],
    ["a IS ↑UNKNOWN", /UNKNOWN/, /IS NULL/],
    ["↑!a", /!/, /NOT/],
    ["a ↑& b", /bits/, /arithmetic/],
    ["↑~a", /bits/, /arithmetic/],
    ["↑+a", /plus/, /Leave it out/],
    ["↑(a, b)", /rows/, /named_struct/],
    ["f('it'↑'s')", /side by side/, /\\'/],
    ["a IN ('x' ↑'y')", /side by side/, /comma/],
    ['a = ↑"x"', /double quotes/, /'text'.*`name`/],
    ["↑DATE '2026-01-01'", /typed literals/, /TIMESTAMP/],
    ["↑X'1F'", /typed literals/, /TIMESTAMP/],
    ["EXTRACT(HOUR ↑FROM t)", /EXTRACT/, /date_trunc/],
    ["INTERVAL 2 ↑MONTHS", /MONTHS/, /DAYS/],
    ["INTERVAL '1:30' HOUR ↑TO MINUTE", /TO/, /1 HOUR 30 MINUTES/],
    ["↑TRY_CAST(a AS BIGINT)", /TRY_CAST/, /CAST/],
    ["CAST(a AS ↑INT)", /INT/, /BIGINT/],
    ["CAST(a AS ↑LONG)", /LONG/, /BIGINT/],
    ["CAST(a AS ↑decimal(10, 2))", /decimal/, /DOUBLE/],
    ["CAST(a AS ↑VARCHAR(3))", /VARCHAR/, /STRING/],
    ["CAST(a AS ↑ARRAY<STRING>)", /ARRAY/, /BIGINT, DOUBLE/],
    ["CAST(a AS STRING↑(3))", /parameters/, /STRING/],
    ["f((a, b) ↑-> a)", /one parameter/, /x -> /],
    ["↑current_date", /function of Spark/, /back quotes/],
  ]);
});

describe("what isn't SQL", () => {
  refuses("sql.syntax", inSelect, [
    ["↑", /ends too early/, /one SELECT/],
    ["↑DELETE FROM t", /unexpected DELETE/, /one SELECT/],
    ["SELECT ↑FROM t", /unexpected FROM/, /expressions/],
    ["SELECT a, ↑, b FROM t", /unexpected ,/, /expression/],
    ["SELECT a,\n  b\nFORM ↑t", /FROM is missing/, /FROM/],
    ["SELECT a b ↑c FROM t", /unexpected c/, /comma/],
    ["SELECT a FROM t WHERE↑", /ends too early/, /expression/],
    ["SELECT a FROM t WHERE (a = 1↑", /\) is missing/, /Write \)/],
    ["SELECT a FROM t GROUP BY a ↑WHERE b", /unexpected WHERE/, /order/],
    ["SELECT a FROM t; ↑SELECT b FROM t", /unexpected SELECT/, /one SELECT/],
    ["SELECT a FROM t WHERE ↑limit > 1", /unexpected limit/, /`limit`/],
    ["SELECT CASE ↑END FROM t", /unexpected END/, /WHEN/],
    ["SELECT a ↑é FROM t", /é/, /back quotes/],
    ["SELECT ↑'abc FROM t", /isn't closed/, /'/],
    ["SELECT ↑`abc FROM t", /isn't closed/, /`/],
    ["SELECT a ↑/* FROM t", /isn't closed/, /\*\//],
  ]);
  refuses("sql.syntax", inExpression, [
    ["a = ↑= b", /unexpected =/, /expression/],
    ["a ↑b", /unexpected b/, /Remove b/],
    ["↑1x", /isn't a number/, /`1x`/],
    ["↑1S", /type/, /1L/],
    ["↑9007199254740993", /beyond/, /DOUBLE/],
    ["↑1e400", /too large/, /1.8e308/],
    ["↑'\\ud800'", /escape/, /\\uXXXX/],
    ["TIMESTAMP ↑'2026-02-30'", /isn't a time/, /TIMESTAMP/],
    ["INTERVAL ↑'5 minutes'", /without a unit/, /INTERVAL 5 MINUTES/],
    ["INTERVAL ↑1.5 SECONDS", /1\.5 long/, /smaller unit/],
    ["a IN (↑)", /unexpected \)/, /expression/],
  ]);
});

test("several mistakes of one text are told at once, in its order", () => {
  const { select, diagnostics } = parseSelect(
    "SELECT count(DISTINCT a), b +, c::int\nFROM t JOIN u ON a\nWHERE x[1] =\nGROUP BY 1\nORDER BY a",
    origin,
  );
  assert.equal(select, null);
  assert.deepEqual(
    diagnostics.map(({ place }) => [place.line, place.column]),
    [
      [1, 14],
      [1, 30],
      [1, 33],
      [2, 8],
      [3, 8],
      [4, 1],
      [4, 10],
      [5, 1],
    ],
  );
});
