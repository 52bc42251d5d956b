/** What a card adds to the relation that it is attached to, as expressions over that relation's columns. */
import { bigint, columnOf, double, nullOf, text } from "../sql/build.ts";
import { call } from "../sql/catalogue/catalogue.ts";
import type { Column, Expr } from "../sql/plan.ts";
import { arrayOf, STRING } from "../sql/types.ts";
import type { Band, Bin, Characteristic, Direction, Scale, Scorecard } from "./scorecard.ts";

export interface AddedColumns {
  readonly columns: readonly Column[];
  /** One a column, over the input's columns. */
  readonly expressions: readonly Expr[];
}

/**
 * `<card>_score` BIGINT; `<card>_odds_implied` DOUBLE, the good applicants for each bad one, or for a fitted card
 * `<card>_probability` DOUBLE, of a bad one; `<card>_band` STRING; `<card>_reasons` ARRAY<STRING>, at most four, the
 * greatest loss first. All are null where the card's `when` is not true.
 *
 * @param input the columns that the card was loaded with
 */
export function scorecardColumns(card: Scorecard, input: readonly Column[]): AddedColumns {
  const score = sum([bigint(card.scale.startPoints), ...card.characteristics.map(pointsOf)]);
  const odds = oddsAt(score, card.scale, card.direction);
  const likelihood: [string, Expr] =
    card.fittedOn === null
      ? ["odds_implied", odds]
      : ["probability", call("/", [double(1), call("+", [double(1), odds])])];
  const added: [string, Expr][] = [
    ["score", score],
    likelihood,
    ["band", bandAt(score, card.bands)],
    ["reasons", reasonsOf(card)],
  ];
  const expressions = added.map(([, expression]) => where(card.when, expression));
  const columns = expressions.map((expression, i) =>
    columnOf(`${card.name}_${added[i]?.[0]}`, expression, input),
  );
  return { columns, expressions };
}

function where(when: Expr | null, expression: Expr): Expr {
  return when ? call("case", [when, expression, nullOf(expression.type)]) : expression;
}

const sum = (terms: readonly Expr[]): Expr => terms.reduce((total, term) => call("+", [total, term]));

const pointsOf = (characteristic: Characteristic): Expr => byBin(characteristic, ({ points }) => points);

function byBin({ bins }: Characteristic, amountFor: (bin: Bin) => number): Expr {
  const args = bins.flatMap((bin) => {
    const value = bigint(amountFor(bin));
    return bin.condition ? [bin.condition, value] : [value];
  });
  return args.length === 1 ? args[0]! : call("case", args);
}

/** score = base_points ± points_to_double_odds / ln 2 × ln(odds / base_odds), solved for the odds. */
function oddsAt(score: Expr, scale: Scale, direction: Direction): Expr {
  const rate = Math.LN2 / scale.pointsToDoubleOdds;
  const above = call("-", [score, bigint(scale.basePoints)]);
  const exponent = call("*", [above, double(direction === "higher_is_safer" ? rate : -rate)]);
  return call("*", [call("exp", [exponent]), double(scale.baseOdds)]);
}

function bandAt(score: Expr, bands: readonly Band[]): Expr {
  const [lowest, ...others] = bands;
  const branches = others
    .toReversed()
    .flatMap(({ name, from }) => [call(">=", [score, bigint(from ?? 0)]), text(name)]);
  const otherwise = text(lowest?.name ?? "");
  return branches.length === 0 ? otherwise : call("case", [...branches, otherwise]);
}

/** Characteristics that share a code count as one: their losses are added before any is dropped. */
function reasonsOf({ characteristics, direction }: Scorecard): Expr {
  const losses = codesOf(characteristics).flatMap((code) => {
    const sharing = characteristics.filter(({ bins }) => bins.some(({ reason }) => reason === code));
    return [sum(sharing.map((characteristic) => lossOf(characteristic, code, direction))), text(code)];
  });
  return losses.length === 0 ? nullOf(arrayOf(STRING)) : call("top_reasons", losses);
}

/** In the card's order: a characteristic's own code before those of its bins. */
function codesOf(characteristics: readonly Characteristic[]): readonly string[] {
  const codes = characteristics.flatMap(({ reason, bins }) => [reason, ...bins.map((bin) => bin.reason)]);
  const used = new Set(characteristics.flatMap(({ bins }) => bins.map((bin) => bin.reason)));
  return [...new Set(codes)].filter((code): code is string => code !== null && used.has(code));
}

/** In hundredths of a point, so that a mean of two decimals is exact; above zero where points were lost for this code. */
function lossOf(characteristic: Characteristic, code: string, direction: Direction): Expr {
  const sign = direction === "higher_is_safer" ? 1 : -1;
  const lost = (points: number) => Math.round(sign * 100 * (characteristic.referencePoints - points));
  return byBin(characteristic, ({ reason, points }) => (reason === code ? lost(points) : 0));
}
