/** The SELECT around the expressions. */
import type { IToken, ParserMethod } from "chevrotain";
import type { From, LateralView, RelationName, Select, SelectItem, Syntax } from "../ast.ts";
import { ExpressionParser } from "./expressions.ts";
import * as t from "./lex.ts";
import { refused } from "./refused.ts";

type Rule<Result> = ParserMethod<[], Result>;

export class SqlParser extends ExpressionParser {
  constructor(checked: boolean) {
    super(checked);
    this.performSelfAnalysis();
  }

  private noRelation = (): RelationName => ({ kind: "relation", name: "", span: this.spanFrom(this.LA(1)) });

  statement: Rule<Select> = this.RULE("statement", () => {
    this.OPTION(() => {
      this.refuse(this.CONSUME(t.With), refused.with);
      this.SUBRULE(this.swallowed);
    });
    const select = this.SUBRULE(this.select);
    this.MANY(() => this.CONSUME(t.Semicolon));
    return select;
  });

  private select: Rule<Select> = this.RULE("select", () => {
    const first = this.CONSUME(t.Select);
    this.SUBRULE(this.quantity);
    const items: SelectItem[] = [];
    this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => items.push(this.SUBRULE(this.selectItem)) });
    this.CONSUME(t.From);
    const from = this.SUBRULE(this.from);
    this.SUBRULE(this.joins);
    const lateralView = this.SUBRULE(this.lateralViews);
    const where = this.SUBRULE(this.where);
    const groupBy = this.SUBRULE(this.groupBy);
    const having = this.SUBRULE(this.having);
    const span = this.spanFrom(first);
    this.SUBRULE(this.tail);
    return { items, from, lateralView, where, groupBy, having, span };
  });

  private quantity: Rule<void> = this.RULE("quantity", () => {
    this.OPTION(() => {
      this.OR([
        { ALT: () => this.refuse(this.CONSUME(t.Distinct), refused.distinct) },
        { ALT: () => this.refuse(this.CONSUME(t.All), refused.all) },
      ]);
    });
  });

  private selectItem: Rule<SelectItem> = this.RULE(
    "selectItem",
    (): SelectItem => {
      const first = this.LA(1);
      return this.OR([
        { ALT: () => this.SUBRULE(this.star) },
        {
          ALT: (): SelectItem => {
            const expression = this.SUBRULE(this.expression);
            const alias = this.SUBRULE(this.alias);
            return { kind: "expression", expression, alias, span: this.spanFrom(first) };
          },
        },
      ]);
    },
    { recoveryValueFunc: (): SelectItem => ({ kind: "star", span: this.spanFrom(this.LA(1)) }) },
  );

  private star: Rule<SelectItem> = this.RULE("star", (): SelectItem => {
    const star = this.CONSUME(t.Star);
    this.OPTION({
      GATE: () => this.LA(2).tokenType === t.LeftParen,
      DEF: () => {
        this.refuse(this.CONSUME(t.SetWord), refused.starExcept);
        this.SUBRULE(this.parentheses);
      },
    });
    return { kind: "star", span: this.spanFrom(star) };
  });

  private alias: Rule<string | null> = this.RULE(
    "alias",
    (): string | null => {
      const token = this.OR([
        {
          ALT: () => {
            this.CONSUME(t.As);
            return this.CONSUME1(t.Word);
          },
        },
        { ALT: () => this.CONSUME2(t.Name) },
        { ALT: (): IToken | null => null },
      ]);
      return token && this.nameOf(token);
    },
    { recoveryValueFunc: () => null },
  );

  private from: Rule<From> = this.RULE(
    "from",
    (): From =>
      this.OR([{ ALT: () => this.SUBRULE(this.fromSelect) }, { ALT: () => this.SUBRULE(this.relation) }]),
    { recoveryValueFunc: this.noRelation },
  );

  private fromSelect: Rule<From> = this.RULE(
    "fromSelect",
    (): From => {
      const first = this.CONSUME(t.LeftParen);
      const select = this.SUBRULE(this.select);
      this.CONSUME(t.RightParen);
      this.SUBRULE(this.relationAlias);
      return { kind: "subquery", select, span: this.spanFrom(first) };
    },
    { recoveryValueFunc: this.noRelation },
  );

  private relation: Rule<From> = this.RULE(
    "relation",
    (): From => {
      const token = this.CONSUME1(t.Name);
      this.MANY(() => {
        this.refuse(this.CONSUME(t.Dot), refused.qualifiedRelation);
        this.CONSUME2(t.Word);
      });
      const span = this.spanFrom(token);
      const alias = this.SUBRULE(this.relationAlias);
      if (alias) this.refuse(alias, refused.alias);
      return { kind: "relation", name: this.nameOf(token), span };
    },
    { recoveryValueFunc: this.noRelation },
  );

  private relationAlias: Rule<IToken | null> = this.RULE("relationAlias", (): IToken | null =>
    this.OR([
      {
        ALT: () => {
          this.CONSUME(t.As);
          return this.CONSUME1(t.Name);
        },
      },
      { ALT: () => this.CONSUME2(t.Name) },
      { ALT: (): IToken | null => null },
    ]),
  );

  private joins: Rule<void> = this.RULE("joins", () => {
    this.OPTION(() => {
      const token = this.OR([{ ALT: () => this.CONSUME(t.Comma) }, { ALT: () => this.CONSUME(t.JoinWord) }]);
      this.refuse(token, refused.join);
      this.SUBRULE(this.swallowed);
    });
  });

  private lateralViews: Rule<LateralView | null> = this.RULE("lateralViews", () => {
    const views: LateralView[] = [];
    this.MANY(() => {
      const token = this.LA(1);
      views.push(this.SUBRULE(this.lateralView));
      if (views.length > 1) this.refuse(token, refused.twoViews);
    });
    return views[0] ?? null;
  });

  private lateralView: Rule<LateralView> = this.RULE(
    "lateralView",
    (): LateralView => {
      const first = this.CONSUME(t.Lateral);
      this.CONSUME(t.View);
      this.OPTION1(() => this.refuse(this.CONSUME(t.Outer), refused.outer));
      const generator = this.CONSUME1(t.Name);
      if (this.nameOf(generator).toLowerCase() !== "explode") this.refuse(generator, refused.generator);
      this.CONSUME(t.LeftParen);
      const argument = this.SUBRULE(this.expression);
      this.CONSUME(t.RightParen);
      this.CONSUME2(t.Name);
      this.OPTION2(() => this.CONSUME(t.As));
      const columnAlias = this.nameOf(this.CONSUME3(t.Name));
      return { argument, columnAlias, span: this.spanFrom(first) };
    },
    {
      recoveryValueFunc: () => ({
        argument: this.nothing(),
        columnAlias: "",
        span: this.spanFrom(this.LA(1)),
      }),
    },
  );

  private where: Rule<Syntax | null> = this.RULE(
    "where",
    (): Syntax | null => {
      let condition: Syntax | null = null;
      this.OPTION(() => {
        this.CONSUME(t.Where);
        condition = this.SUBRULE(this.expression);
      });
      return condition;
    },
    { recoveryValueFunc: () => null },
  );

  private having: Rule<Syntax | null> = this.RULE(
    "having",
    (): Syntax | null => {
      let condition: Syntax | null = null;
      this.OPTION(() => {
        this.CONSUME(t.Having);
        condition = this.SUBRULE(this.expression);
      });
      return condition;
    },
    { recoveryValueFunc: () => null },
  );

  private groupBy: Rule<Syntax[]> = this.RULE(
    "groupBy",
    (): Syntax[] => {
      const expressions: Syntax[] = [];
      this.OPTION1(() => {
        this.CONSUME(t.Group);
        this.CONSUME(t.By);
        this.OR([
          { ALT: () => this.refuse(this.CONSUME(t.All), refused.groupAll) },
          { ALT: () => this.SUBRULE(this.groupingSets) },
          {
            ALT: () =>
              this.AT_LEAST_ONE_SEP({
                SEP: t.Comma,
                DEF: () => expressions.push(this.SUBRULE(this.groupKey)),
              }),
          },
        ]);
        this.OPTION2(() => this.SUBRULE2(this.groupingSets));
      });
      return expressions;
    },
    { recoveryValueFunc: () => [] },
  );

  private groupKey: Rule<Syntax> = this.RULE(
    "groupKey",
    () => {
      const first = this.LA(1);
      const key = this.SUBRULE(this.expression);
      if (key.kind === "literal" && key.type === "bigint") this.refuse(first, refused.groupPosition);
      if (key.kind === "call" && ["rollup", "cube"].includes(key.name))
        this.refuse(first, refused.groupingSets);
      return key;
    },
    { recoveryValueFunc: this.nothing },
  );

  /** `GROUPING SETS (…)`, and `WITH ROLLUP` after the keys. */
  private groupingSets: Rule<void> = this.RULE("groupingSets", () => {
    const token = this.OR([{ ALT: () => this.CONSUME(t.Grouping) }, { ALT: () => this.CONSUME(t.With) }]);
    this.refuse(token, refused.groupingSets);
    this.SUBRULE(this.swallowed);
  });

  private tail: Rule<void> = this.RULE("tail", () => {
    this.MANY(() => {
      this.OR([
        {
          ALT: () => {
            this.refuse(this.CONSUME(t.OrderWord), refused.order);
            this.SUBRULE(this.swallowed);
          },
        },
        {
          ALT: () => {
            this.refuse(this.CONSUME(t.SetWord), refused.set);
            this.SUBRULE(this.insides);
          },
        },
      ]);
    });
  });
}
