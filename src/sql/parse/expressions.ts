/**
 * Expressions, with the precedence of Spark's `SqlBaseParser.g4` (3.5), from loose to tight:
 * OR; AND; NOT; BETWEEN, IN, LIKE, IS (at most one, and over a whole comparison); comparison; + - ||; * / % DIV;
 * the sign (in `values.ts`). Binary operators, comparisons included, group to the left.
 */
import type { IToken, TokenType } from "chevrotain";
import type { BinaryOperator, Syntax } from "../ast.ts";
import * as t from "./lex.ts";
import { refused } from "./refused.ts";
import { type Rule, ValueParser } from "./values.ts";

type Operators = readonly (readonly [TokenType, BinaryOperator])[];

const COMPARISONS: Operators = [
  [t.Equal, "="],
  [t.NotEqual, "<>"],
  [t.Less, "<"],
  [t.LessEqual, "<="],
  [t.Greater, ">"],
  [t.GreaterEqual, ">="],
  [t.NullSafeEqual, "<=>"],
];
const ADDITIVE: Operators = [
  [t.Plus, "+"],
  [t.Minus, "-"],
  [t.Concat, "||"],
];
const MULTIPLICATIVE: Operators = [
  [t.Star, "*"],
  [t.Slash, "/"],
  [t.Percent, "%"],
  [t.Div, "DIV"],
];

export class ExpressionParser extends ValueParser {
  override expression: Rule = this.RULE("expression", () => this.chain(this.conjunction, [[t.Or, "OR"]]), {
    recoveryValueFunc: this.nothing,
  });

  private conjunction: Rule = this.part("conjunction", () => this.chain(this.negation, [[t.And, "AND"]]));

  private negation: Rule = this.part("negation", (): Syntax => {
    const first = this.LA(1);
    return this.OR([
      { ALT: () => this.SUBRULE(this.notOf, { ARGS: [first] }) },
      { ALT: () => this.SUBRULE(this.predicate) },
    ]);
  });

  private notOf: Rule<[IToken]> = this.part("notOf", (first: IToken): Syntax => {
    this.OR([
      { ALT: () => this.CONSUME(t.Not) },
      { ALT: () => this.refuse(this.CONSUME(t.Bang), refused.exclamation) },
    ]);
    const operand = this.SUBRULE(this.negation);
    return { kind: "unary", operator: "NOT", operand, span: this.spanFrom(first) };
  });

  private predicate: Rule = this.part("predicate", () => {
    const first = this.LA(1);
    const operand = this.SUBRULE(this.comparison);
    let result: Syntax = operand;
    this.OPTION(() => {
      result = this.OR([
        { ALT: () => this.SUBRULE(this.isNull, { ARGS: [first, operand] }) },
        { ALT: () => this.SUBRULE(this.test, { ARGS: [first, operand] }) },
      ]);
    });
    return result;
  });

  private isNull: Rule<[IToken, Syntax]> = this.part("isNull", (first: IToken, operand: Syntax): Syntax => {
    const is = this.CONSUME(t.Is);
    const negated = this.OPTION(() => this.CONSUME(t.Not)) !== undefined;
    this.OR([
      { ALT: () => this.CONSUME(t.Null) },
      { ALT: () => this.refuse(this.CONSUME(t.True), refused.isTruth) },
      { ALT: () => this.refuse(this.CONSUME(t.False), refused.isTruth) },
      { ALT: () => this.refuse(this.CONSUME(t.Name), refused.isTruth) },
      {
        ALT: () => {
          this.CONSUME(t.Distinct);
          this.CONSUME(t.From);
          this.SUBRULE(this.comparison);
          this.refuse(is, refused.isDistinct);
        },
      },
    ]);
    return { kind: "isNull", operand, negated, span: this.spanFrom(first) };
  });

  private test: Rule<[IToken, Syntax]> = this.part(
    "predicate test",
    (first: IToken, operand: Syntax): Syntax => {
      const negated = this.OPTION(() => this.CONSUME(t.Not)) !== undefined;
      return this.OR([
        { ALT: () => this.SUBRULE(this.between, { ARGS: [first, operand, negated] }) },
        { ALT: () => this.SUBRULE(this.inList, { ARGS: [first, operand, negated] }) },
        { ALT: () => this.SUBRULE(this.like, { ARGS: [first, operand, negated] }) },
      ]);
    },
  );

  private between: Rule<[IToken, Syntax, boolean]> = this.part(
    "between",
    (first: IToken, operand: Syntax, negated: boolean): Syntax => {
      this.CONSUME(t.Between);
      const low = this.SUBRULE1(this.comparison);
      this.CONSUME(t.And);
      const high = this.SUBRULE2(this.comparison);
      return { kind: "between", operand, low, high, negated, span: this.spanFrom(first) };
    },
  );

  private inList: Rule<[IToken, Syntax, boolean]> = this.part(
    "inList",
    (first: IToken, operand: Syntax, negated: boolean): Syntax => {
      const list: Syntax[] = [];
      this.CONSUME(t.In);
      this.CONSUME(t.LeftParen);
      this.OR([
        { ALT: () => this.SUBRULE(this.subquery) },
        {
          ALT: () =>
            this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => list.push(this.SUBRULE(this.expression)) }),
        },
      ]);
      this.CONSUME(t.RightParen);
      return { kind: "in", operand, list, negated, span: this.spanFrom(first) };
    },
  );

  private like: Rule<[IToken, Syntax, boolean]> = this.part(
    "like",
    (first: IToken, operand: Syntax, negated: boolean): Syntax => {
      this.OR1([
        { ALT: () => this.CONSUME(t.Like) },
        { ALT: () => this.refuse(this.CONSUME(t.Ilike), refused.ilike) },
        { ALT: () => this.refuse(this.CONSUME(t.Rlike), refused.regexp) },
        { ALT: () => this.refuse(this.CONSUME(t.Regexp), refused.regexp) },
      ]);
      const pattern = this.OR2([
        {
          GATE: () => this.LA(2).tokenType === t.LeftParen,
          ALT: () => this.SUBRULE(this.patterns, { ARGS: [operand] }),
        },
        { ALT: () => this.SUBRULE(this.comparison) },
      ]);
      this.OPTION(() => {
        this.refuse(this.CONSUME(t.Escape), refused.escape);
        this.CONSUME(t.StringToken);
      });
      return { kind: "like", operand, pattern, negated, span: this.spanFrom(first) };
    },
  );

  /** `ANY (…)`; but `LIKE any` compares with a column. */
  private patterns: Rule<[Syntax]> = this.part("patterns", (operand: Syntax): Syntax => {
    const word = this.OR([
      { ALT: () => this.CONSUME(t.Any) },
      { ALT: () => this.CONSUME(t.Some) },
      { ALT: () => this.CONSUME(t.All) },
    ]);
    this.refuse(word, refused.likeAny);
    this.SUBRULE(this.parentheses);
    return operand;
  });

  private comparison: Rule = this.part("comparison", () => this.chain(this.bits, COMPARISONS));

  private bits: Rule = this.part("bits", () => {
    const left = this.SUBRULE1(this.additive);
    this.MANY(() => {
      this.refuse(this.CONSUME(t.BitSign), refused.bits);
      this.SUBRULE2(this.additive);
    });
    return left;
  });

  private additive: Rule = this.part("additive", () => this.chain(this.multiplicative, ADDITIVE));

  private multiplicative: Rule = this.part("multiplicative", () => this.chain(this.signed, MULTIPLICATIVE));

  /** operand (operator operand)*, grouped to the left. */
  private chain(operand: Rule, operators: Operators): Syntax {
    const first = this.LA(1);
    let left = this.SUBRULE1(operand);
    this.MANY(() => {
      const operator = this.OR(
        operators.map(([token, operator]) => ({
          ALT: () => {
            this.CONSUME(token);
            return operator;
          },
        })),
      );
      const right = this.SUBRULE2(operand);
      left = { kind: "binary", operator, left, right, span: this.spanFrom(first) };
    });
    return left;
  }
}
