/** What every rule of the grammar needs: spans, refusals, and what a complaint says. */
import {
  EmbeddedActionsParser,
  EOF,
  type IParserErrorMessageProvider,
  type IToken,
  type ParserMethod,
  type TokenType,
} from "chevrotain";
import type { ErrorCode } from "../../errors.ts";
import type { Span, Syntax } from "../ast.ts";
import * as t from "./lex.ts";
import type { Refusal } from "./literals.ts";

/** A complaint at a token, not yet at a place in a file. */
export interface Complaint extends Refusal {
  readonly code: ErrorCode;
  readonly token: IToken;
}

/** Where a text starts in its file: a SQL file's at 1:1. */
export interface Origin {
  readonly file: string;
  /** From 1, of the text's first character. */
  readonly line: number;
  readonly column: number;
}

/** The place in the file of a line and a column in the text. */
export function placeFrom(origin: Origin, line: number, column: number): { line: number; column: number } {
  return { line: origin.line + line - 1, column: line === 1 ? origin.column + column - 1 : column };
}

const shortened = (text: string) => (text.length > 40 ? `${text.slice(0, 40)}…` : text);

const found = (token: IToken | undefined) =>
  !token || token.tokenType === EOF ? "the text ends too early" : `unexpected ${shortened(token.image)}`;

/** What to write where a rule found nothing that it could begin with, or go on with. */
const REMEDIES: Readonly<Record<string, string>> = {
  caseOf: "Write at least one WHEN … THEN … here.",
  from: "Write the name of a model, or a SELECT in parentheses.",
  isNull: "Write IS NULL or IS NOT NULL.",
  "predicate test": "Write BETWEEN, IN or LIKE after NOT.",
  select: "Write *, or expressions with commas between them.",
  selectItem: "Write *, or an expression.",
};

const NEVER_NAMES = new Set([t.Select, t.From, t.Where, t.Having]);

const nameRemedy = (token: IToken | undefined) =>
  token && t.keywords.has(token.tokenType) && !NEVER_NAMES.has(token.tokenType)
    ? ` To use ${token.image} as a name, write \`${token.image}\`.`
    : "";

function redundantRemedy({ tokenType, image }: IToken): string {
  if ([t.Where, t.Group, t.Having, t.Lateral].includes(tokenType)) {
    return "Clauses have an order, each at most once: FROM, LATERAL VIEW, WHERE, GROUP BY, HAVING.";
  }
  if (tokenType === t.Select) return "A file holds one SELECT: put another into a file of its own.";
  return `Remove ${shortened(image)}, or correct what stands before it.`;
}

const MISSING: ReadonlyMap<TokenType, string> = new Map([
  [t.Select, "A model is one SELECT: begin with SELECT."],
  [t.From, "Write FROM and the name of a model, or a comma before another column."],
  [t.View, "Write LATERAL VIEW explode(array(named_struct(…), …)) t AS k."],
]);

function missing(expected: TokenType, actual: IToken): string {
  const label = expected.LABEL ?? expected.name;
  if (expected === EOF) return `${found(actual)}\n${redundantRemedy(actual)}`;
  const asName = expected === t.Name || expected === t.Word ? nameRemedy(actual) : "";
  return `${found(actual)}, ${label} is missing\n${MISSING.get(expected) ?? `Write ${label} here.`}${asName}`;
}

const nothingFits = (actual: readonly IToken[], ruleName: string) =>
  `${found(actual[0])}\n${REMEDIES[ruleName] ?? "Write an expression here."}${nameRemedy(actual[0])}`;

/** Each message has two lines: what is wrong, and what to write instead. */
const messages: IParserErrorMessageProvider = {
  buildMismatchTokenMessage: ({ expected, actual }) => missing(expected, actual),
  buildNotAllInputParsedMessage: ({ firstRedundant }) =>
    `${found(firstRedundant)}\n${redundantRemedy(firstRedundant)}`,
  buildNoViableAltMessage: ({ actual, ruleName }) => nothingFits(actual, ruleName),
  buildEarlyExitMessage: ({ actual, ruleName }) => nothingFits(actual, ruleName),
};

export class SqlParserBase extends EmbeddedActionsParser {
  protected origin: Origin = { file: "", line: 1, column: 1 };
  refusals: Complaint[] = [];

  /** Checking the grammar for ambiguity takes half of the start; a test does it. */
  constructor(checked: boolean) {
    super(t.vocabulary, {
      recoveryEnabled: true,
      maxLookahead: 1,
      errorMessageProvider: messages,
      skipValidations: !checked,
    });
  }

  /** Only what closes something may be imagined where it is missing: anything else brings complaints of its own. */
  protected override canTokenTypeBeInsertedInRecovery(tokenType: TokenType): boolean {
    return [t.RightParen, t.RightBracket, t.End].includes(tokenType);
  }

  begin(tokens: IToken[], origin: Origin): void {
    this.input = tokens;
    this.origin = origin;
    this.refusals = [];
  }

  /** From a token to the one consumed last. While the grammar is recorded, rules have no arguments. */
  protected spanFrom(given: IToken | undefined): Span {
    const first = given ?? this.LA(1);
    const last = this.LA(0);
    return {
      start: first.startOffset,
      end: (last.endOffset ?? Number.NaN) + 1,
      ...placeFrom(this.origin, first.startLine ?? Number.NaN, first.startColumn ?? Number.NaN),
    };
  }

  protected refuse(token: IToken, refusal: Refusal): void {
    this.complain("sql.unsupported", token, refusal);
  }

  protected complain(code: ErrorCode, token: IToken, refusal: Refusal): void {
    this.ACTION(() => {
      if (!token.isInsertedInRecovery) this.refusals.push({ ...refusal, code, token });
    });
  }

  /** A rule that doesn't recover from a mistake by itself: the rule around it does. */
  protected part<Arguments extends unknown[], Result>(
    name: string,
    rule: (...given: Arguments) => Result,
  ): ParserMethod<Arguments, Result> {
    return this.RULE(name, rule, { resyncEnabled: false });
  }

  /** Stands for an expression that couldn't be read. */
  protected nothing = (): Syntax => ({
    kind: "literal",
    type: "null",
    value: null,
    span: this.spanFrom(this.LA(1)),
  });

  /** `( … )` of whatever kind. */
  protected parentheses = this.RULE("parentheses", () => {
    this.CONSUME(t.LeftParen);
    this.SUBRULE(this.insides);
    this.CONSUME(t.RightParen);
  });

  protected insides: () => void = this.RULE("insides", () => {
    this.MANY(() => {
      this.OR([{ ALT: () => this.SUBRULE(this.parentheses) }, { ALT: () => this.CONSUME(t.Inner) }]);
    });
  });

  /** Everything up to the next clause. */
  protected swallowed = this.RULE("swallowed", () => {
    this.MANY(() => {
      this.OR([{ ALT: () => this.SUBRULE(this.parentheses) }, { ALT: () => this.CONSUME(t.Swallowed) }]);
    });
  });
}
