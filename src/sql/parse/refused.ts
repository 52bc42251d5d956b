/** What Spark has and the language refuses: why, and what to write instead. */
import type { TokenType } from "chevrotain";
import * as t from "./lex.ts";
import type { Refusal } from "./literals.ts";

const refuse = (message: string, remedy: string): Refusal => ({ message, remedy });

const joins = refuse(
  "a SELECT reads one relation: there are no joins",
  "Events repeat what they need, so select it from the event; combine results of models where they are read.",
);

export const refused = {
  alias: refuse(
    "a relation has no alias here",
    "Leave it out: with one relation every column is clear without it.",
  ),
  all: refuse("ALL is refused", "Leave it out: it says what happens anyway."),
  bits: refuse("operators on bits are refused", "Use arithmetic: +, -, *, /, % and DIV."),
  commaJoin: joins,
  countDistinct: refuse("count(DISTINCT …) can't be counted in a stream", "Write size(collect_set(x))."),
  currentLike: refuse("this name is a function of Spark's", "To use it as a column, put it in back quotes."),
  deepNesting: refuse("the expression is nested too deeply", "Give its parts names in a model of their own."),
  distinct: refuse("SELECT DISTINCT is refused", "Write GROUP BY with a window and the columns."),
  distinctArgument: refuse(
    "DISTINCT inside a call is refused",
    "Aggregate array_sort(collect_set(x)) instead.",
  ),
  doubleQuoted: refuse(
    "text in double quotes means different things",
    "Write a string as 'text', a name as `name`.",
  ),
  escape: refuse("LIKE … ESCAPE is refused", "Use the backslash, which needs no ESCAPE: LIKE '10\\%'."),
  exclamation: refuse("! is refused", "Write NOT."),
  extraParameter: refuse("a lambda has one parameter", "Write x -> expression."),
  extract: refuse(
    "EXTRACT and FROM inside a call are refused",
    "Use date_trunc('HOUR', t), or unix_millis(t) and arithmetic.",
  ),
  fieldOfValue: refuse(
    "a dot after an expression is refused",
    "Give the expression a name in a subquery, and take its field there.",
  ),
  generator: refuse(
    "only explode can stand in LATERAL VIEW",
    "Write LATERAL VIEW explode(array(named_struct(…), …)) t AS k.",
  ),
  groupAll: refuse("GROUP BY ALL is refused", "Name each expression after GROUP BY."),
  groupingSets: refuse("GROUPING SETS, ROLLUP and CUBE are refused", "Write one model for each grouping."),
  groupPosition: refuse("a position in GROUP BY is refused", "Write the expression itself."),
  hint: refuse("hints to Spark are refused", "Remove the comment that starts with /*+."),
  ilike: refuse(
    "ILIKE differs between engines",
    "List the spellings with IN, or LIKE over a normalised column.",
  ),
  intervalRange: refuse(
    "an interval from one unit TO another is refused",
    "Write each unit: INTERVAL 1 HOUR 30 MINUTES.",
  ),
  intervalText: refuse("an interval without a unit is refused", "Write INTERVAL 5 MINUTES."),
  isDistinct: refuse("IS DISTINCT FROM is refused", "Write a <=> b, or NOT (a <=> b)."),
  isTruth: refuse(
    "IS TRUE, IS FALSE and IS UNKNOWN are refused",
    "Write x <=> true, x <=> false, x IS NULL.",
  ),
  join: joins,
  likeAny: refuse("LIKE ANY and LIKE ALL are refused", "Write the patterns one by one with OR or AND."),
  long: refuse(
    "the text is longer than 20,000 words and signs",
    "Split the model in two, or say a long list of conditions with IN.",
  ),
  order: refuse(
    "rows have no order in a stream: ORDER BY, SORT BY, CLUSTER BY, DISTRIBUTE BY, LIMIT and OFFSET are refused",
    "Sort and cut where the table is read.",
  ),
  outer: refuse(
    "LATERAL VIEW OUTER is refused",
    "Leave OUTER out: array(…) with named elements is never empty.",
  ),
  over: refuse("window functions (OVER) are refused", "Aggregate with GROUP BY window(event_time, …)."),
  plus: refuse("a plus sign in front of a value is refused", "Leave it out."),
  qualifiedRelation: refuse("a relation has one name", "Write the name of a model, without a database."),
  qualifiedStar: refuse("a star with a name in front is refused", "Write *, or the columns."),
  regexp: refuse("regular expressions differ between engines", "Use LIKE, IN or comparison."),
  row: refuse(
    "rows in parentheses are refused",
    "Write named_struct('a', x, 'b', y), or compare column by column.",
  ),
  set: refuse(
    "UNION, EXCEPT, INTERSECT and MINUS are refused",
    "Write one SELECT with OR or CASE, or a model for each part.",
  ),
  sideBySide: refuse(
    "strings side by side mean different things in different versions of Spark",
    "Write a quote inside a string as \\', two strings with || or a comma between them.",
  ),
  starArgument: refuse("only count can have a star", "Write count(*), or name the columns."),
  starExcept: refuse("* EXCEPT is refused", "Name the columns."),
  subqueryInExpression: refuse(
    "a subquery can stand only after FROM",
    "Compute the value in a model that this one selects from, or list the values with IN.",
  ),
  subscript: refuse("a subscript in brackets is refused", "Write element_at(x, 1), which counts from 1."),
  tryCast: refuse("TRY_CAST is refused", "Write CAST, which gives null for what it can't read."),
  twoViews: refuse("a SELECT has one LATERAL VIEW", "Put the other into a subquery or a model of its own."),
  typedLiteral: refuse(
    "of typed literals there is only TIMESTAMP",
    "Write TIMESTAMP '2026-01-31T00:00:00.000Z'; a date is the string '2026-01-31'.",
  ),
  typeParameters: refuse(
    "a type has no parameters here",
    "Write BIGINT, DOUBLE, STRING, TIMESTAMP or BOOLEAN.",
  ),
  valueCast: refuse(":: is refused", "Write CAST(x AS BIGINT)."),
  with: refuse("WITH is refused", "Make each part a model: a file of its own, selected from by its name."),
} as const satisfies Record<string, Refusal>;

/** Spark reads these words, without parentheses, as calls. */
export const CURRENT_LIKE: ReadonlySet<string> = new Set([
  "current_date",
  "current_timestamp",
  "current_user",
  "session_user",
  "user",
]);

export type CastType = "BIGINT" | "DOUBLE" | "STRING" | "TIMESTAMP" | "BOOLEAN";

const CAST_TYPES: ReadonlyMap<string, CastType> = new Map(
  (["BIGINT", "DOUBLE", "STRING", "TIMESTAMP", "BOOLEAN"] as const).map((type) => [type, type]),
);

const INSTEAD: readonly (readonly [CastType, readonly string[]])[] = [
  ["BIGINT", ["LONG", "INT", "INTEGER", "SMALLINT", "SHORT", "TINYINT", "BYTE"]],
  ["DOUBLE", ["FLOAT", "REAL", "DECIMAL", "DEC", "NUMERIC", "NUMBER"]],
  ["STRING", ["VARCHAR", "CHAR", "CHARACTER", "TEXT", "BINARY"]],
  ["TIMESTAMP", ["DATE", "TIMESTAMP_NTZ", "TIMESTAMP_LTZ"]],
  ["BOOLEAN", ["BOOL"]],
];

/** The type that a word in CAST names, or what to write instead of it. */
export function readType(word: string): { readonly value: CastType } | Refusal {
  const upper = word.toUpperCase();
  const value = CAST_TYPES.get(upper);
  if (value) return { value };
  const instead = INSTEAD.find(([, names]) => names.includes(upper))?.[0];
  return {
    message: `there is no type ${word}`,
    remedy: `Write ${instead ?? "BIGINT, DOUBLE, STRING, TIMESTAMP or BOOLEAN"}.`,
  };
}

/** A text that has one of these isn't parsed any further. */
export const brokenText: ReadonlyMap<TokenType, Refusal> = new Map([
  [t.OpenString, refuse("the string isn't closed", "End it with '; a quote inside it is written \\'.")],
  [t.OpenDoubleQuote, refuse("the double quote isn't closed", refused.doubleQuoted.remedy)],
  [
    t.OpenBackQuote,
    refuse("the back-quoted name isn't closed", "End it with `; a back quote inside it is doubled."),
  ],
  [t.EmptyBackQuote, refuse("the back-quoted name is empty", "Write the name between the quotes.")],
  [t.OpenComment, refuse("the comment isn't closed", "End it with */.")],
  [t.Hint, refused.hint],
]);
