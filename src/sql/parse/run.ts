/** Runs the lexer and a rule of the grammar over a text, and places what they complain about. */
import { EOF, type ILexingError, type IRecognitionException, type IToken } from "chevrotain";
import type { Diagnostic } from "../../errors.ts";
import { type Complaint, type Origin, placeFrom } from "./base.ts";
import { SqlParser } from "./grammar.ts";
import * as t from "./lex.ts";
import { brokenText, refused } from "./refused.ts";

let built: { readonly lexer: ReturnType<typeof t.createLexer>; readonly parser: SqlParser } | null = null;

/** The grammar is analysed once, at the first text. */
function tools() {
  built ??= { lexer: t.createLexer(false), parser: new SqlParser(false) };
  return built;
}

interface Parsed<Tree> {
  /** Null if there are diagnostics. */
  readonly tree: Tree | null;
  readonly diagnostics: readonly Diagnostic[];
}

export function parseWith<Tree>(
  rule: (parser: SqlParser) => Tree,
  text: string,
  origin: Origin,
): Parsed<Tree> {
  const { lexer, parser } = tools();
  const { tokens, errors: strangers } = lexer.tokenize(text);
  const broken = [...strangers.map((error) => strange(text, error, origin)), ...unfinished(tokens, origin)];
  if (broken.length > 0) return { tree: null, diagnostics: inOrder(broken) };

  parser.begin(tokens, origin);
  const tree = rule(parser);
  const errors = parser.errors.map(complaintOf);
  // A text that begins wrong is something else altogether: one complaint says so.
  const complaints =
    errors[0] && errors[0].token === tokens[0] ? [errors[0]] : [...errors, ...parser.refusals];
  if (complaints.length === 0) return { tree, diagnostics: [] };
  return { tree: null, diagnostics: inOrder(complaints.map((one) => diagnosticOf(one, tokens, origin))) };
}

/** A character that begins nothing. */
function strange(text: string, { offset, line, column }: ILexingError, origin: Origin): Diagnostic {
  const point = text.codePointAt(offset) ?? 0;
  const code = `U+${point.toString(16).toUpperCase().padStart(4, "0")}`;
  return {
    code: "sql.syntax",
    message: `unexpected character ${String.fromCodePoint(point)} (${code})`,
    remedy: "Remove it; a name with letters beyond A-Z stands in back quotes, text in single quotes.",
    place: { file: origin.file, ...placeFrom(origin, line ?? 1, column ?? 1) },
  };
}

function unfinished(tokens: readonly IToken[], origin: Origin): Diagnostic[] {
  const complaints = tokens.flatMap((token): Complaint[] => {
    const refusal = brokenText.get(token.tokenType);
    if (!refusal) return [];
    return [{ ...refusal, code: refusal === refused.hint ? "sql.unsupported" : "sql.syntax", token }];
  });
  const beyond = tokens[LONGEST];
  if (beyond) complaints.push({ ...refused.long, code: "sql.unsupported", token: beyond });
  const deep = tokens[firstTooDeep(tokens)];
  if (deep) complaints.push({ ...refused.deepNesting, code: "sql.unsupported", token: deep });
  return complaints.map((one) => diagnosticOf(one, tokens, origin));
}

/** A chain of operators is as deep a tree as it is long. */
const LONGEST = 20_000;

/** Each level costs some forty frames of the stack. */
const DEEPEST = 60;
const OPENING = new Set([t.LeftParen, t.LeftBracket, t.Case]);
const CLOSING = new Set([t.RightParen, t.RightBracket, t.End]);
const PREFIX = new Set([t.Not, t.Bang, t.Minus, t.Plus, t.Tilde]);

/** The index of the first token that would nest an expression too deeply, or -1. */
function firstTooDeep(tokens: readonly IToken[]): number {
  /** Of each open level: what its unfinished prefixes and lambdas add. */
  const levels = [{ prefixes: 0, lambdas: 0 }];
  return tokens.findIndex(({ tokenType }, index) => {
    const level = levels.at(-1);
    const before = tokens[index - 1]?.tokenType;
    if (OPENING.has(tokenType)) levels.push({ prefixes: 0, lambdas: 0 });
    else if (CLOSING.has(tokenType) && levels.length > 1) levels.pop();
    else if (level && tokenType === t.Arrow) level.lambdas += 1;
    else if (level && PREFIX.has(tokenType))
      level.prefixes = before && PREFIX.has(before) ? level.prefixes + 1 : 1;
    return levels.reduce((depth, { prefixes, lambdas }) => depth + prefixes + lambdas + 1, 0) > DEEPEST;
  });
}

function complaintOf({ message, token }: IRecognitionException): Complaint {
  const [what = "", remedy = ""] = message.split("\n");
  return { code: "sql.syntax", message: what, remedy, token };
}

function diagnosticOf(
  { code, message, remedy, token }: Complaint,
  tokens: readonly IToken[],
  origin: Origin,
): Diagnostic {
  const { startLine, startColumn } = token.tokenType === EOF ? after(tokens.at(-1)) : token;
  return {
    code,
    message,
    remedy,
    place: { file: origin.file, ...placeFrom(origin, startLine ?? 1, startColumn ?? 1) },
  };
}

/** Where the text ends. */
function after(last: IToken | undefined): Pick<IToken, "startLine" | "startColumn"> {
  return { startLine: last?.endLine ?? 1, startColumn: (last?.endColumn ?? 0) + 1 };
}

/** By place, and of several at one place the first: what follows from a mistake is no second mistake. */
function inOrder(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const key = ({ place }: Diagnostic) => [place.line ?? 0, place.column ?? 0] as const;
  const sorted = diagnostics.toSorted((a, b) => {
    const [lineA, columnA] = key(a);
    const [lineB, columnB] = key(b);
    return lineA - lineB || columnA - columnB;
  });
  return sorted.filter((one, index) => {
    const previous = sorted[index - 1];
    return !previous || key(previous).join() !== key(one).join();
  });
}
