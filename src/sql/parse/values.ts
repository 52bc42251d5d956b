/** What an expression is made of: literals, names, calls, CASE, CAST, intervals, and what stands in parentheses. */
import type { IToken, ParserMethod } from "chevrotain";
import type { CastSyntax, LiteralSyntax, Syntax } from "../ast.ts";
import { SqlParserBase } from "./base.ts";
import * as t from "./lex.ts";
import {
  isRefusal,
  isUnit,
  type NumberValue,
  type Read,
  readAmount,
  readNumber,
  readQuotedName,
  readString,
  readTimestamp,
  readUnit,
} from "./literals.ts";
import { CURRENT_LIKE, readType, refused } from "./refused.ts";

export type Rule<Arguments extends unknown[] = [], Result = Syntax> = ParserMethod<Arguments, Result>;

const ZERO: NumberValue = { type: "bigint", value: 0 };

const nameText = (token: IToken) =>
  token.tokenType === t.BackQuoted ? readQuotedName(token.image) : token.image;

export abstract class ValueParser extends SqlParserBase {
  abstract expression: Rule;

  protected nameOf(token: IToken): string {
    return nameText(token);
  }

  /** The value that a token was read as; a refusal is reported there, and the value is the one given. */
  private readAs<T>(token: IToken, read: Read<T>, otherwise: T): T {
    if (!isRefusal(read)) return read.value;
    this.complain("sql.syntax", token, read);
    return otherwise;
  }

  protected signed: Rule = this.part("signed", () =>
    this.OR([
      { ALT: () => this.SUBRULE(this.minus) },
      {
        ALT: () => {
          this.refuse(this.CONSUME(t.Plus), refused.plus);
          return this.SUBRULE1(this.signed);
        },
      },
      {
        ALT: () => {
          this.refuse(this.CONSUME(t.Tilde), refused.bits);
          return this.SUBRULE2(this.signed);
        },
      },
      { ALT: () => this.SUBRULE(this.postfix) },
    ]),
  );

  /** A sign before a number is part of it, as in Spark. */
  private minus: Rule = this.part("minus", (): Syntax => {
    const first = this.CONSUME(t.Minus);
    const next = this.LA(1);
    const operand = this.SUBRULE(this.signed);
    const span = this.spanFrom(first);
    const isNumber = next.tokenType === t.NumberToken && operand.kind === "literal";
    if (!isNumber || typeof operand.value !== "number")
      return { kind: "unary", operator: "-", operand, span };
    return { ...operand, value: 0 - operand.value, span };
  });

  /** What may follow a value: each is refused. */
  private postfix: Rule = this.part("postfix", () => {
    const value = this.SUBRULE(this.primary);
    this.MANY(() => {
      this.OR([
        {
          ALT: () => {
            this.refuse(this.CONSUME(t.LeftBracket), refused.subscript);
            this.SUBRULE(this.expression);
            this.CONSUME(t.RightBracket);
          },
        },
        {
          ALT: () => {
            this.refuse(this.CONSUME(t.DoubleColon), refused.valueCast);
            this.CONSUME1(t.Word);
            this.OPTION(() => this.SUBRULE(this.parentheses));
          },
        },
        {
          ALT: () => {
            this.refuse(this.CONSUME(t.Dot), refused.fieldOfValue);
            this.CONSUME2(t.Word);
          },
        },
      ]);
    });
    return value;
  });

  private primary: Rule = this.part("primary", () =>
    this.OR([
      { ALT: () => this.SUBRULE(this.nameOrCall) },
      { ALT: () => this.SUBRULE(this.literal) },
      { ALT: () => this.SUBRULE(this.caseOf) },
      { ALT: () => this.SUBRULE(this.cast) },
      { ALT: () => this.SUBRULE(this.interval) },
      { ALT: () => this.SUBRULE(this.enclosed) },
    ]),
  );

  private literal: Rule = this.part("literal", () => {
    const first = this.LA(1);
    const literal = (type: LiteralSyntax["type"], value: LiteralSyntax["value"]): Syntax => ({
      kind: "literal",
      type,
      value,
      span: this.spanFrom(first),
    });
    return this.OR([
      {
        ALT: () => {
          const token = this.CONSUME(t.NumberToken);
          const { type, value } = this.readAs(token, readNumber(token.image), ZERO);
          return literal(type, value);
        },
      },
      { ALT: () => literal("string", this.SUBRULE(this.text)) },
      { ALT: () => literal("boolean", this.CONSUME(t.True) !== undefined) },
      { ALT: () => literal("boolean", this.CONSUME(t.False) === undefined) },
      { ALT: () => literal("null", this.CONSUME(t.Null) && null) },
    ]);
  });

  private text: Rule<[], string> = this.part("text", () => {
    const token = this.OR([
      { ALT: () => this.CONSUME1(t.StringToken) },
      {
        ALT: () => {
          const token = this.CONSUME(t.DoubleQuoted);
          this.refuse(token, refused.doubleQuoted);
          return token;
        },
      },
    ]);
    this.MANY(() => this.refuse(this.CONSUME2(t.StringToken), refused.sideBySide));
    return this.ACTION(() => this.readAs(token, readString(token.image), ""));
  });

  private nameOrCall: Rule = this.part("nameOrCall", () => {
    const tokens = [this.CONSUME1(t.Name)];
    this.MANY(() => {
      this.CONSUME(t.Dot);
      this.OR1([
        { ALT: () => tokens.push(this.CONSUME2(t.Word)) },
        { ALT: () => this.refuse(this.CONSUME(t.Star), refused.qualifiedStar) },
      ]);
    });
    return this.OR2([
      { ALT: () => this.SUBRULE(this.call, { ARGS: [tokens] }) },
      { ALT: () => this.SUBRULE(this.typedLiteral, { ARGS: [tokens] }) },
      { ALT: () => this.SUBRULE(this.lambda, { ARGS: [tokens] }) },
      { ALT: () => this.bareName(tokens) },
    ]);
  });

  private bareName(tokens: readonly IToken[]): Syntax {
    const first = tokens[0] ?? this.LA(0);
    const parts = this.ACTION(() => tokens.map(nameText));
    if (CURRENT_LIKE.has(first.image.toLowerCase())) this.refuse(first, refused.currentLike);
    return { kind: "name", parts, span: this.spanFrom(first) };
  }

  private lambda: Rule<[IToken[]]> = this.part("lambda", (tokens: IToken[]): Syntax => {
    const arrow = this.CONSUME(t.Arrow);
    const body = this.SUBRULE(this.expression);
    const first = tokens?.[0] ?? arrow;
    if (tokens?.length > 1) this.complain("sql.syntax", first, refused.extraParameter);
    return { kind: "lambda", parameter: nameText(first), body, span: this.spanFrom(first) };
  });

  /** `TIMESTAMP '…'` */
  private typedLiteral: Rule<[IToken[]]> = this.part("typedLiteral", (tokens: IToken[]): Syntax => {
    const token = this.CONSUME(t.StringToken);
    const first = tokens?.[0] ?? token;
    const isTimestamp = tokens?.length === 1 && first.image.toUpperCase() === "TIMESTAMP";
    if (!isTimestamp) this.refuse(first, refused.typedLiteral);
    const value = this.ACTION(() => {
      const text = this.readAs(token, readString(token.image), "");
      return isTimestamp ? this.readAs(token, readTimestamp(text), 0) : 0;
    });
    return { kind: "literal", type: "timestamp", value, span: this.spanFrom(first) };
  });

  private call: Rule<[IToken[]]> = this.part("call", (tokens: IToken[]): Syntax => {
    const paren = this.CONSUME(t.LeftParen);
    const first = tokens?.[0] ?? paren;
    const name = nameText(first).toLowerCase();
    if (tokens?.length > 1) this.refuse(first, refused.qualifiedRelation);
    let list: Syntax[] = [];
    let star = false;
    this.OR([
      {
        ALT: () => {
          const token = this.CONSUME(t.Star);
          star = true;
          if (name !== "count") this.refuse(token, refused.starArgument);
        },
      },
      { ALT: () => this.SUBRULE(this.subquery) },
      {
        ALT: () => {
          list = this.SUBRULE(this.callArguments, { ARGS: [name] });
        },
      },
    ]);
    this.CONSUME(t.RightParen);
    const filter = this.SUBRULE(this.filter);
    this.SUBRULE(this.over);
    return { kind: "call", name, arguments: list, star, filter, span: this.spanFrom(first) };
  });

  private callArguments: Rule<[string], Syntax[]> = this.part("callArguments", (name: string) => {
    const list: Syntax[] = [];
    this.OPTION1(() => {
      this.OR([
        {
          ALT: () => {
            const distinct = this.CONSUME(t.Distinct);
            this.refuse(distinct, name === "count" ? refused.countDistinct : refused.distinctArgument);
          },
        },
        { ALT: () => this.refuse(this.CONSUME(t.All), refused.all) },
      ]);
    });
    this.MANY_SEP({ SEP: t.Comma, DEF: () => list.push(this.SUBRULE1(this.expression)) });
    this.OPTION2(() => {
      this.refuse(this.CONSUME(t.From), refused.extract);
      this.SUBRULE(this.insides);
    });
    return list;
  });

  private filter: Rule<[], Syntax | null> = this.part("filter", () => {
    let filter: Syntax | null = null;
    this.OPTION({
      GATE: () => this.LA(2).tokenType === t.LeftParen,
      DEF: () => {
        this.CONSUME(t.Filter);
        this.CONSUME(t.LeftParen);
        this.CONSUME(t.Where);
        filter = this.SUBRULE(this.expression);
        this.CONSUME(t.RightParen);
      },
    });
    return filter;
  });

  private over: Rule<[], void> = this.part("over", () => {
    this.OPTION(() => {
      this.refuse(this.CONSUME(t.Over), refused.over);
      this.OR([{ ALT: () => this.SUBRULE(this.parentheses) }, { ALT: () => this.CONSUME(t.Name) }]);
    });
  });

  /** `SELECT …` where a value should be; the parentheses belong to the rule around it. */
  protected subquery: Rule<[], void> = this.part("subquery", () => {
    this.refuse(this.CONSUME(t.Select), refused.subqueryInExpression);
    this.SUBRULE(this.insides);
  });

  private enclosed: Rule = this.part("enclosed", () => {
    const paren = this.CONSUME(t.LeftParen);
    const list: Syntax[] = [];
    this.OR([
      { ALT: () => this.SUBRULE(this.subquery) },
      {
        ALT: () =>
          this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => list.push(this.SUBRULE1(this.expression)) }),
      },
    ]);
    this.CONSUME(t.RightParen);
    let isLambda = false;
    this.OPTION(() => {
      this.refuse(this.CONSUME(t.Arrow), refused.extraParameter);
      this.SUBRULE2(this.expression);
      isLambda = true;
    });
    if (list.length > 1 && !isLambda) this.refuse(paren, refused.row);
    return list[0] ?? this.nothing();
  });

  private caseOf: Rule = this.part("caseOf", (): Syntax => {
    const first = this.CONSUME(t.Case);
    const operand = this.OPTION1(() => this.SUBRULE1(this.expression)) ?? null;
    const branches: { when: Syntax; then: Syntax }[] = [];
    this.AT_LEAST_ONE(() => {
      this.CONSUME(t.When);
      const when = this.SUBRULE2(this.expression);
      this.CONSUME(t.Then);
      // biome-ignore lint/suspicious/noThenProperty: a branch of a tree; nobody awaits it
      branches.push({ when, then: this.SUBRULE3(this.expression) });
    });
    const otherwise =
      this.OPTION2(() => {
        this.CONSUME(t.Else);
        return this.SUBRULE4(this.expression);
      }) ?? null;
    this.CONSUME(t.End);
    return { kind: "case", operand, branches, otherwise, span: this.spanFrom(first) };
  });

  private cast: Rule = this.part("cast", (): Syntax => {
    const first = this.LA(1);
    this.OR([
      { ALT: () => this.CONSUME(t.Cast) },
      { ALT: () => this.refuse(this.CONSUME(t.TryCast), refused.tryCast) },
    ]);
    this.CONSUME(t.LeftParen);
    const operand = this.SUBRULE(this.expression);
    this.CONSUME(t.As);
    const type = this.SUBRULE(this.castType);
    this.CONSUME(t.RightParen);
    return { kind: "cast", operand, type, span: this.spanFrom(first) };
  });

  private castType: Rule<[], CastSyntax["type"]> = this.part("castType", (): CastSyntax["type"] => {
    const token = this.CONSUME(t.Word);
    const extra = this.LA(1);
    this.SUBRULE(this.insides);
    return this.ACTION(() => {
      const type = readType(token.image);
      if (isRefusal(type)) this.refuse(token, type);
      else if (this.LA(1) !== extra) this.refuse(extra, refused.typeParameters);
      return isRefusal(type) ? "BIGINT" : type.value;
    });
  });

  /** `INTERVAL 1 HOUR 30 MINUTES` */
  private interval: Rule = this.part("interval", (): Syntax => {
    const first = this.CONSUME(t.Interval);
    let ms = this.SUBRULE1(this.span);
    this.MANY({ GATE: () => this.isSpanAhead(), DEF: () => (ms += this.SUBRULE2(this.span)) });
    return { kind: "interval", ms, span: this.spanFrom(first) };
  });

  /** `- 1 HOUR` after an interval belongs to it, as in Spark; `- 1` is a subtraction. */
  private isSpanAhead(): boolean {
    const isSigned = [t.Minus, t.Plus].includes(this.LA(1).tokenType);
    return isUnit(this.LA(isSigned ? 3 : 2).image);
  }

  private span: Rule<[], number> = this.part("span", () => {
    let sign = "";
    this.OPTION1(() => {
      const token = this.OR1([{ ALT: () => this.CONSUME(t.Minus) }, { ALT: () => this.CONSUME(t.Plus) }]);
      sign = token.image;
    });
    const amount = this.OR2([
      { ALT: () => this.CONSUME(t.NumberToken) },
      { ALT: () => this.CONSUME(t.StringToken) },
    ]);
    const unit = this.OPTION2({ GATE: () => isUnit(this.LA(1).image), DEF: () => this.CONSUME1(t.Name) });
    const to = this.OPTION3({
      GATE: () => this.LA(1).image.toUpperCase() === "TO",
      DEF: () => {
        this.refuse(this.CONSUME2(t.Name), refused.intervalRange);
        return this.CONSUME3(t.Name);
      },
    });
    return this.ACTION(() => (to ? 0 : this.spanMs(sign, amount, unit)));
  });

  private spanMs(sign: string, amount: IToken, unit: IToken | undefined): number {
    if (!unit) {
      this.complain("sql.syntax", amount, refused.intervalText);
      return 0;
    }
    const unitMs = readUnit(unit.image);
    if (isRefusal(unitMs)) {
      this.refuse(unit, unitMs);
      return 0;
    }
    const digits = amount.tokenType === t.StringToken ? amount.image.slice(1, -1).trim() : amount.image;
    const ms = this.readAs(amount, readAmount(digits, unitMs.value), 0);
    return sign === "-" ? 0 - ms : ms;
  }
}
