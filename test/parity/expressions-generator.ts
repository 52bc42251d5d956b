/** Random expressions as SQL text, of a wanted type, over the random table; every part of one is accepted. */
import { analyseExpression } from "../../src/sql/analyse.ts";
import { tryCall } from "../../src/sql/catalogue/catalogue.ts";
import { convert, isRefusal } from "../../src/sql/catalogue/signature.ts";
import type { Expr } from "../../src/sql/plan.ts";
import { BIGINT } from "../../src/sql/types.ts";
import type { Choices } from "./expressions-random.ts";
import { histogramBins, table } from "./expressions-table.ts";

export type Scalar = "bigint" | "double" | "string" | "boolean" | "timestamp";
export type Wanted = Scalar | `array of ${Scalar}`;

const SCALARS: readonly Scalar[] = ["bigint", "double", "string", "boolean", "timestamp"];

export interface Generated {
  readonly text: string;
  readonly expression: Expr;
}

export interface Tally {
  accepted: number;
  refused: number;
  /** Codes of the refusals. */
  readonly codes: Map<string, number>;
}

export interface Generator {
  readonly tally: Tally;
  /** An expression of depth up to about `depth`. */
  next(depth: number): Generated;
  /** The text of one of this type. */
  textOf(kind: Wanted, depth: number): string;
}

const origin = { file: "random.sql", line: 1, column: 1 };

function kindOf({ type }: Pick<Expr, "type">): string {
  return type.kind === "array" ? `array of ${type.element.kind}` : type.kind;
}

export function createGenerator(choices: Choices): Generator {
  const tally: Tally = { accepted: 0, refused: 0, codes: new Map() };
  /** Lambda parameters in sight. */
  const variables: { readonly name: string; readonly kind: Scalar }[] = [];
  const { of, integer, chance } = choices;

  function check(text: string): Expr | null {
    const { expression, diagnostics } = analyseExpression(text, origin, table.columns);
    if (expression) {
      tally.accepted += 1;
      return expression;
    }
    tally.refused += 1;
    for (const { code } of diagnostics) tally.codes.set(code, (tally.codes.get(code) ?? 0) + 1);
    return null;
  }

  /** The text itself if it is accepted, with its operands clamped if that helps, else a leaf. */
  function accepted(kind: Wanted, write: (wrap: (text: string) => string) => string): string {
    const text = write((operand) => operand);
    // What stands in a lambda is checked with the whole.
    if (variables.length > 0 || check(text)) return text;
    const limit = of(["1000", "94906265", "3037000499", "1000000007"]);
    const clamp = of([
      (operand: string) => `greatest(least(${operand}, ${limit}), -${limit})`,
      (operand: string) => `(${operand}) % ${limit}`,
    ]);
    const clamped = write(clamp);
    return check(clamped) ? clamped : leaf(kind);
  }

  function columnsOf(kind: Wanted): readonly string[] {
    return table.columns
      .filter((column) => kindOf(column) === kind && !(column.name in histogramBins))
      .map(({ name }) => name);
  }

  function literalOf(kind: Scalar): string {
    switch (kind) {
      case "bigint":
        return of([
          ...["0", "1", "-1", "2", "7L", "-3", "100", "1000", "9007199254740991", "-9007199254740991"],
          String(integer(-50, 50)),
          String(integer(-(2 ** 40), 2 ** 40)),
        ]);
      case "double":
        return of([
          ...[
            "0.0",
            "-0.0",
            "1.0",
            "0.1",
            "0.5",
            "-2.5",
            "1e3",
            "1.005",
            "2D",
            "1e308",
            "-1.5e-310",
            "4.9E-324",
          ],
          ...["9007199254740993D", "0.30000000000000004", "-1e-5", String(integer(-5000, 5000) / 8 + 0.0625)],
          `${choices.share() * 10 ** integer(-12, 12)}D`,
        ]);
      case "string":
        return textLiteral(
          Array.from({ length: integer(0, 4) }, () =>
            of([
              "a",
              "b",
              "A",
              "1",
              "%",
              "_",
              "\\",
              "'",
              '"',
              "\n",
              "é",
              "😀",
              "\uffff",
              " ",
              "\t",
              "\r",
              "\u0000",
              "\u001a",
              "--",
              "/*",
              "$",
              "`",
            ]),
          ).join(""),
        );
      case "boolean":
        return of(["true", "false"]);
      case "timestamp":
        return of([
          "TIMESTAMP '1970-01-01'",
          "TIMESTAMP '0001-01-01T00:00:00.000Z'",
          "TIMESTAMP '9999-12-31 23:59:59.999'",
          "TIMESTAMP '2026-02-28T23:59:59.5Z'",
          `TIMESTAMP '${new Date(integer(-62_135_596_800, 253_402_300_799) * 1000 + integer(0, 999)).toISOString()}'`,
        ]);
    }
  }

  function textLiteral(value: string): string {
    const written = [...value].map((character) => {
      if (character === "'" || character === "\\") return `\\${character}`;
      const code = character.codePointAt(0) ?? 0;
      if (chance(0.1))
        return code > 0xffff
          ? `\\U${code.toString(16).padStart(8, "0")}`
          : `\\u${code.toString(16).padStart(4, "0")}`;
      if (character === "\n" && chance(0.5)) return "\\n";
      return character;
    });
    return `'${written.join("")}'`;
  }

  function leaf(kind: Wanted): string {
    const seen = variables.filter((variable) => variable.kind === kind);
    if (seen.length > 0 && chance(0.6)) return of(seen).name;
    const columns = columnsOf(kind);
    if (kind === "array of string" && chance(0.5)) return "tags";
    if (isArray(kind)) return `array(${leaf(elementOf(kind))}, ${leaf(elementOf(kind))})`;
    return chance(0.75) && columns.length > 0 ? of(columns) : literalOf(scalarOf(kind));
  }

  /** A literal that is never NULL, of the value's type, for IN and the like. */
  const literals = (kind: Scalar, most: number) =>
    Array.from({ length: integer(1, most) }, () =>
      kind === "double" && chance(0.3) ? literalOf("bigint") : literalOf(kind),
    );

  function any(kind: Wanted, depth: number): string {
    if (depth <= 0 || chance(0.1)) return leaf(kind);
    if (isArray(kind)) return array(elementOf(kind), depth);
    if (chance(0.22)) return chosen(kind, depth);
    switch (scalarOf(kind)) {
      case "bigint":
        return bigint(depth);
      case "double":
        return double(depth);
      case "string":
        return text(depth);
      case "boolean":
        return condition(depth);
      case "timestamp":
        return time(depth);
    }
  }

  const scalar = (): Scalar => of(SCALARS);
  /** Of a number where either will do. */
  const number = (depth: number) => any(of<Scalar>(["bigint", "double", "double"]), depth);
  const orNull = (text: string) => (chance(0.06) ? "NULL" : text);
  const some = (kind: Wanted, depth: number) => {
    const text = any(kind, depth);
    if (kind === "double" && chance(0.15)) return any("bigint", depth);
    return text;
  };

  /** What every type has. */
  function chosen(kind: Wanted, depth: number): string {
    const below = () => orNull(some(kind, depth - 1));
    const plain = () => any(kind, depth - 1);
    const extremes = kind === "boolean" ? [] : ["greatest", "least"];
    const shape = of(["case", "case", "caseOf", "coalesce", "nullif", "element", "cast", ...extremes]);
    switch (shape) {
      case "case":
        return accepted(kind, (w) => {
          const branches = Array.from(
            { length: integer(1, 3) },
            () => ` WHEN ${any("boolean", depth - 1)} THEN ${w(plain())}`,
          );
          return `CASE${branches.join("")}${chance(0.8) ? ` ELSE ${below()}` : ""} END`;
        });
      case "caseOf": {
        const of_ = scalar();
        return accepted(kind, (w) => {
          const branches = Array.from(
            { length: integer(1, 3) },
            () => ` WHEN ${chance(0.5) ? literalOf(of_) : any(of_, depth - 2)} THEN ${w(plain())}`,
          );
          return `CASE ${any(of_, depth - 1)}${branches.join("")}${chance(0.8) ? ` ELSE ${below()}` : ""} END`;
        });
      }
      case "nullif":
        return accepted(
          kind,
          () => `nullif(${plain()}, ${chance(0.5) && !isArray(kind) ? literalOf(scalarOf(kind)) : below()})`,
        );
      case "element":
        return isArray(kind)
          ? leaf(kind)
          : accepted(
              kind,
              () => `element_at(${any(`array of ${scalarOf(kind)}`, depth - 1)}, ${of([1, 2, -1, 3, -4])})`,
            );
      case "cast":
        return isArray(kind)
          ? leaf(kind)
          : accepted(kind, () => `CAST(${chance(0.2) ? "NULL" : plain()} AS ${kind.toUpperCase()})`);
      default:
        return accepted(
          kind,
          () =>
            `${shape}(${[plain(), ...Array.from({ length: integer(1, 2) }, below)].sort(() => choices.share() - 0.5).join(", ")})`,
        );
    }
  }

  function bigint(depth: number): string {
    const d = depth - 1;
    return accepted(
      "bigint",
      of<(wrap: (text: string) => string) => string>([
        (w) => `${w(par(any("bigint", d)))} ${of(["+", "-", "*"])} ${w(par(any("bigint", d)))}`,
        (w) => `${w(par(any("bigint", d)))} ${of(["%", "DIV"])} ${w(par(any("bigint", d)))}`,
        (w) => `-${w(par(any("bigint", d)))}`,
        (w) => `abs(${w(any("bigint", d))})`,
        (w) => `floor(${w(any("double", d))})`,
        (w) => `CAST(${w(any("double", d))} AS BIGINT)`,
        () => `CAST(${any("boolean", d)} AS BIGINT)`,
        () => `size(${any(`array of ${scalar()}`, d)})`,
        () => `unix_millis(${any("timestamp", d)})`,
      ]),
    );
  }

  function double(depth: number): string {
    const d = depth - 1;
    return accepted(
      "double",
      of([
        () => `${par(any("double", d))} ${of(["+", "-", "*", "/", "%"])} ${par(number(d))}`,
        () => `${par(number(d))} ${of(["+", "-", "*", "/", "%"])} ${par(any("double", d))}`,
        () => `${par(number(d))} / ${par(number(d))}`,
        () => `-${par(any("double", d))}`,
        () => `abs(${any("double", d)})`,
        () => `round(${any("double", d)}${chance(0.6) ? `, ${integer(0, 9)}` : ""})`,
        () => `${of(["exp", "ln"])}(${number(d)})`,
        () => `CAST(${number(d)} AS DOUBLE)`,
        () =>
          `quantile(${of(Object.keys(histogramBins))}, ${of(["0.5", "0.95", "0.99", "1", "0.001", "0.25"])})`,
        () => {
          const [name, bins] = of(Object.entries(histogramBins));
          return `psi(${name}, array(${Array.from({ length: bins }, () => of(["0.1", "0", "1", "0.25", "0.333", "1e-5"])).join(", ")}))`;
        },
      ]),
    );
  }

  function text(depth: number): string {
    const d = depth - 1;
    const part = () => orNull(any("string", d));
    return accepted(
      "string",
      of([
        () => `concat(${Array.from({ length: integer(1, 3) }, part).join(", ")})`,
        () => `${par(any("string", d))} || ${par(part())}`,
        () => `concat_ws(${literalOf("string")}, ${Array.from({ length: integer(1, 3) }, part).join(", ")})`,
        () =>
          `substr(${any("string", d)}, ${of([0, 1, 2, 3, -1, -2, -7, 2147483647, -2147483647])}${chance(0.7) ? `, ${of([0, 1, 2, 5, 100, 2147483647])}` : ""})`,
        () => `mask(${any("string", d)})`,
        () => `sha2(${any("string", d)}, ${of([224, 256, 384, 512])})`,
        () => `CAST(${any(of<Scalar>(["bigint", "boolean"]), d)} AS STRING)`,
      ]),
    );
  }

  function pattern(): string {
    const parts = Array.from({ length: integer(0, 5) }, () =>
      of(["%", "%", "_", "a", "A", "1", "\\\\%", "\\\\_", "\\\\\\\\", "中", "\\n", "\\'", ".", "*", "é"]),
    );
    return `'${parts.join("")}'`;
  }

  function condition(depth: number): string {
    const d = depth - 1;
    const kind = scalar();
    const operand = () => orNull(some(kind, d));
    const not = () => (chance(0.4) ? "NOT " : "");
    return accepted(
      "boolean",
      of([
        () => `${par(some(kind, d))} ${of(["=", "<>", "<=>", "=", "<=>"])} ${par(operand())}`,
        () => {
          const ordered = kind === "boolean" ? "bigint" : kind;
          return `${par(some(ordered, d))} ${of(["<", "<=", ">", ">="])} ${par(orNull(some(ordered, d)))}`;
        },
        () => `${par(number(d))} ${of(["<", "<=", ">", ">=", "=", "<>", "<=>"])} ${par(number(d))}`,
        () => {
          const ordered = kind === "boolean" ? "string" : kind;
          return `${par(any(ordered, d))} ${not()}BETWEEN ${par(orNull(some(ordered, d)))} AND ${par(some(ordered, d))}`;
        },
        () => `${par(any(kind, d))} ${not()}IN (${literals(kind, of([4, 4, 14])).join(", ")})`,
        () => `${par(any("string", d))} ${not()}LIKE ${pattern()}`,
        () => `${par(any(chance(0.2) ? `array of ${kind}` : kind, d))} IS ${not()}NULL`,
        () => `${par(any("boolean", d))} ${of(["AND", "OR"])} ${par(orNull(any("boolean", d)))}`,
        () => `NOT ${par(any("boolean", d))}`,
      ]),
    );
  }

  function time(depth: number): string {
    const d = depth - 1;
    const unit = of(["SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR", "week"]);
    const span = of([
      "1 MILLISECOND",
      "5 MINUTES",
      "90 SECONDS",
      "36 HOURS",
      "400 DAYS",
      "-1 DAY",
      "3000000 DAYS",
      "1 DAY 1 MILLISECOND",
      "'7' WEEKS",
    ]);
    return accepted(
      "timestamp",
      of([
        () => `date_trunc('${unit}', ${any("timestamp", d)})`,
        () => `date_trunc('${unit}', ${any("timestamp", d)})`,
        () => `${par(any("timestamp", d))} ${of(["+", "-"])} INTERVAL ${span}`,
        () => `timestamp_millis(least(greatest(${any("bigint", d)}, -62135596800000), 253402300799999))`,
        () => `timestamp_millis(${any("bigint", d)})`,
      ]),
    );
  }

  function array(element: Scalar, depth: number): string {
    const d = depth - 1;
    const kind: Wanted = `array of ${element}`;
    return accepted(
      kind,
      of([
        () =>
          `array(${[some(element, d), ...Array.from({ length: integer(0, 3) }, () => orNull(some(element, d)))].join(", ")})`,
        () => `array_sort(${any(kind, d)})`,
        () => `slice(${any(kind, d)}, ${of([1, 2, -1, -3, 5])}, ${of([0, 1, 2, 9])})`,
        () => {
          const values = any(kind, d);
          const name = of(["x", "y", "v", "h", "B_SMALL", "`x y`"]);
          if (variables.some((variable) => variable.name === name)) return values;
          variables.push({ name, kind: element });
          const keep = any("boolean", Math.min(d, 2));
          variables.pop();
          return `filter(${values}, ${name} -> ${keep})`;
        },
        () => `CASE WHEN ${any("boolean", d)} THEN ${any(kind, d)} END`,
      ]),
    );
  }

  const par = (text: string) => (/^[\w.]+$/.test(text) ? text : `(${text})`);

  function reasons(depth: number): Generated | null {
    const pairs = Array.from({ length: integer(1, 6) }, () => [
      any("bigint", depth - 1),
      any("string", depth - 1),
    ]).flat();
    const args = pairs.map(check).map((arg, i) => arg && (i % 2 === 0 ? convert(arg, BIGINT) : arg));
    const found = args.filter((arg) => arg !== null);
    if (found.length < pairs.length) return null;
    const made = tryCall("top_reasons", found);
    return isRefusal(made) ? null : { text: `top_reasons(${pairs.join(", ")})`, expression: made };
  }

  function next(depth: number): Generated {
    for (;;) {
      if (chance(0.02)) {
        const made = reasons(depth);
        if (made) return made;
      }
      const kind = chance(0.15) ? (`array of ${scalar()}` as const) : scalar();
      const text = any(kind, depth);
      const expression = check(text);
      if (expression) return { text, expression };
    }
  }

  return { tally, next, textOf: any };
}

const isArray = (kind: Wanted): boolean => kind.startsWith("array of ");

function scalarOf(kind: Wanted): Scalar {
  const found = SCALARS.find((scalar) => scalar === kind);
  if (!found) throw new TypeError(`${kind} is no scalar`);
  return found;
}

function elementOf(kind: Wanted): Scalar {
  return scalarOf(SCALARS.find((scalar) => kind === `array of ${scalar}`) ?? "string");
}

/** Names of the catalogue's functions within an expression. */
export function functionsIn(expression: Expr): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (at: Expr): void => {
    if (at.kind === "lambda") visit(at.body);
    if (at.kind !== "call") return;
    found.add(at.fn);
    for (const arg of at.args) visit(arg);
  };
  visit(expression);
  return found;
}

/** Every part that stands on its own: no lambda, nothing that reads a lambda's variable. */
export function partsOf(expression: Expr): readonly Expr[] {
  if (expression.kind !== "call") return [];
  return [expression, ...expression.args.flatMap((arg) => (arg.kind === "lambda" ? [] : partsOf(arg)))];
}
