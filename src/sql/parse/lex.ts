/**
 * The words and signs of the language. Spark reserves almost nothing; we reserve what the grammar turns on, so
 * that a mistake is reported where it stands and is not taken for a name.
 */
import { createToken, type ITokenConfig, Lexer, type TokenType } from "chevrotain";

const category = (name: string, label: string) => createToken({ name, label, pattern: Lexer.NA });

/** What may be a name anywhere. */
export const Name = category("Name", "a name");
/** What may be a name after a dot or AS: names and most keywords. */
export const Word = category("Word", "a name");
/** Everything but parentheses and semicolons. */
export const Inner = category("Inner", "anything");
/** What a refused clause swallows: everything up to the next clause. */
export const Swallowed = category("Swallowed", "anything");
/** Refused, where a relation has ended. */
export const JoinWord = category("JoinWord", "JOIN");
/** Refused, after the clauses of a SELECT. */
export const SetWord = category("SetWord", "UNION");
export const OrderWord = category("OrderWord", "ORDER");
/** Refused operators on bits. */
export const BitSign = category("BitSign", "a bit operator");

const signs: TokenType[] = [];
const words: TokenType[] = [];
/** Tokens that can only be a mistake of writing; a text that has one isn't parsed. */
const broken: TokenType[] = [];

function sign(name: string, pattern: string | RegExp, ...categories: TokenType[]): TokenType {
  const label = typeof pattern === "string" ? pattern : name;
  const token = createToken({ name, label, pattern, categories: [Inner, Swallowed, ...categories] });
  signs.push(token);
  return token;
}

function spanning(config: ITokenConfig): TokenType {
  return createToken({ line_breaks: true, ...config });
}

const Identifier = createToken({
  name: "Identifier",
  label: "a name",
  pattern: /[A-Za-z_][A-Za-z0-9_]*/,
  categories: [Name, Word, Inner, Swallowed],
});

function keyword(text: string, categories: TokenType[]): TokenType {
  const name = text.charAt(0) + text.slice(1).toLowerCase();
  const pattern = new RegExp(text, "i");
  const token = createToken({ name, label: text, pattern, longer_alt: Identifier, categories });
  words.push(token);
  return token;
}

const clause = (text: string) => keyword(text, [Inner]);
const reserved = (text: string, ...more: TokenType[]) => keyword(text, [Word, Inner, Swallowed, ...more]);
/** A keyword in its place, a name elsewhere. */
const soft = (text: string) => keyword(text, [Name, Word, Inner, Swallowed]);
const refusedTail = (text: string, kind: TokenType) => keyword(text, [Word, Inner, kind]);

export const Select = clause("SELECT");
export const From = clause("FROM");
export const Where = clause("WHERE");
export const Group = clause("GROUP");
export const Having = clause("HAVING");
export const Lateral = clause("LATERAL");

export const All = reserved("ALL");
export const And = reserved("AND");
export const As = reserved("AS");
export const Between = reserved("BETWEEN");
export const By = reserved("BY");
export const Case = reserved("CASE");
export const Cast = reserved("CAST");
export const Distinct = reserved("DISTINCT");
export const Div = reserved("DIV");
export const Else = reserved("ELSE");
export const End = reserved("END");
export const Escape = reserved("ESCAPE");
export const False = reserved("FALSE");
export const Grouping = reserved("GROUPING");
export const Ilike = reserved("ILIKE");
export const In = reserved("IN");
export const Interval = reserved("INTERVAL");
export const Is = reserved("IS");
export const Like = reserved("LIKE");
export const Not = reserved("NOT");
export const Null = reserved("NULL");
export const Or = reserved("OR");
export const Over = reserved("OVER");
export const Regexp = reserved("REGEXP");
export const Rlike = reserved("RLIKE");
export const Then = reserved("THEN");
export const True = reserved("TRUE");
export const TryCast = reserved("TRY_CAST");
export const When = reserved("WHEN");
export const With = reserved("WITH");

export const Any = soft("ANY");
export const Filter = soft("FILTER");
export const Outer = soft("OUTER");
export const Some = soft("SOME");
export const View = soft("VIEW");

for (const text of ["ANTI", "CROSS", "FULL", "INNER", "JOIN", "LEFT", "NATURAL", "ON", "PIVOT"]) {
  reserved(text, JoinWord);
}
for (const text of ["RIGHT", "SEMI", "TABLESAMPLE", "UNPIVOT", "USING"]) reserved(text, JoinWord);
for (const text of ["EXCEPT", "INTERSECT", "MINUS", "UNION"]) refusedTail(text, SetWord);
for (const text of ["CLUSTER", "DISTRIBUTE", "LIMIT", "OFFSET", "ORDER", "SORT"])
  refusedTail(text, OrderWord);

export const NullSafeEqual = sign("NullSafeEqual", "<=>");
export const NotEqual = sign("NotEqual", /<>|!=/);
export const LessEqual = sign("LessEqual", "<=");
export const GreaterEqual = sign("GreaterEqual", ">=");
export const Less = sign("Less", "<");
export const Greater = sign("Greater", ">");
export const Equal = sign("Equal", /==?/);
export const Arrow = sign("Arrow", "->");
export const Concat = sign("Concat", "||");
export const DoubleColon = sign("DoubleColon", "::");
export const Plus = sign("Plus", "+");
export const Minus = sign("MinusSign", "-");
export const Star = sign("Star", "*");
export const Slash = sign("Slash", "/");
export const Percent = sign("Percent", "%");
export const Bang = sign("Bang", "!");
export const Tilde = sign("Tilde", "~");
export const LeftBracket = sign("LeftBracket", "[");
export const RightBracket = sign("RightBracket", "]");
export const Comma = sign("Comma", ",");
for (const [name, text] of [
  ["Ampersand", "&"],
  ["Pipe", "|"],
  ["Hat", "^"],
] as const) {
  sign(name, text, BitSign);
}

export const LeftParen = createToken({ name: "LeftParen", label: "(", pattern: "(" });
export const RightParen = createToken({ name: "RightParen", label: ")", pattern: ")" });
export const Semicolon = createToken({ name: "Semicolon", label: ";", pattern: ";" });

/** Anything that begins like a number; `literals.ts` judges it. */
export const NumberToken = createToken({
  name: "NumberToken",
  label: "a number",
  pattern: /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[A-Za-z0-9_]*/,
  categories: [Inner, Swallowed],
});
const Dot = sign("Dot", ".");

export { Dot };

export const StringToken = spanning({
  name: "StringToken",
  label: "a string",
  pattern: /'[^'\\]*(?:\\[\s\S][^'\\]*)*'/,
  categories: [Inner, Swallowed],
});
export const DoubleQuoted = spanning({
  name: "DoubleQuoted",
  label: "a string",
  pattern: /"[^"\\]*(?:\\[\s\S][^"\\]*)*"/,
  categories: [Inner, Swallowed],
});
export const BackQuoted = spanning({
  name: "BackQuoted",
  label: "a name",
  pattern: /`[^`]+(?:``[^`]*)*`|`(?:``[^`]*)+`/,
  categories: [Name, Word, Inner, Swallowed],
});

function unfinished(name: string, pattern: RegExp): TokenType {
  const token = spanning({ name, pattern });
  broken.push(token);
  return token;
}

export const OpenString = unfinished("OpenString", /'[\s\S]*/);
export const OpenDoubleQuote = unfinished("OpenDoubleQuote", /"[\s\S]*/);
export const EmptyBackQuote = unfinished("EmptyBackQuote", /``/);
export const OpenBackQuote = unfinished("OpenBackQuote", /`[\s\S]*/);
export const Hint = unfinished("Hint", /\/\*\+[\s\S]*?\*\//);
export const OpenComment = unfinished("OpenComment", /\/\*[\s\S]*/);

/** Spark nests bracketed comments. Returns the end of the one that starts at `start`, or null if it has none. */
function endOfComment(text: string, start: number): number | null {
  const mark = /\/\*|\*\//g;
  mark.lastIndex = start;
  let depth = 0;
  for (let found = mark.exec(text); found; found = mark.exec(text)) {
    depth += found[0] === "/*" ? 1 : -1;
    if (depth === 0) return mark.lastIndex;
  }
  return null;
}

function matchComment(text: string, start: number): [string] | null {
  if (!text.startsWith("/*", start) || text[start + 2] === "+") return null;
  const end = endOfComment(text, start);
  return end === null ? null : [text.slice(start, end)];
}

const skipped = [
  spanning({ name: "Space", pattern: /[ \t\r\n]+/, group: Lexer.SKIPPED }),
  spanning({ name: "LineComment", pattern: /--(?:\\\n|[^\r\n])*/, group: Lexer.SKIPPED }),
  spanning({
    name: "Comment",
    pattern: matchComment,
    start_chars_hint: ["/"],
    group: Lexer.SKIPPED,
  }),
];

const quoted = [StringToken, DoubleQuoted, BackQuoted];
const shapes = [LeftParen, RightParen, Semicolon, NumberToken];
const categories = [Name, Word, Inner, Swallowed, JoinWord, SetWord, OrderWord, BitSign];

export const keywords: ReadonlySet<TokenType> = new Set(words);
/** In the order in which they are tried. */
export const vocabulary: TokenType[] = [
  ...skipped,
  ...quoted,
  ...broken,
  ...shapes,
  ...signs,
  // A longer keyword before the one that it begins with: INTERVAL before IN.
  ...words.toSorted((a, b) => b.name.length - a.name.length),
  Identifier,
  ...categories,
];

/** Checking the patterns takes half of the start; a test does it. */
export const createLexer = (checked: boolean): Lexer =>
  new Lexer(vocabulary, { ensureOptimizations: true, skipValidations: !checked });
