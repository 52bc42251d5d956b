/** What each characteristic of the scorecards gave to one event, computed anew by an engine. */
import type { Engine } from "../engine/engine.ts";
import { SCORED } from "../pipeline/models.ts";
import type { Pipeline, Table } from "../pipeline/pipeline.ts";
import type { Characteristic, Scorecard } from "../scorecard/scorecard.ts";
import { bigint, boolean, columnOf } from "../sql/build.ts";
import { call } from "../sql/catalogue/catalogue.ts";
import type { Expr, Relation } from "../sql/plan.ts";
import type { Value } from "../sql/types.ts";

export interface CardPoints {
  readonly card: Scorecard;
  readonly score: number;
  readonly characteristics: readonly CharacteristicPoints[];
}

export interface CharacteristicPoints {
  readonly name: string;
  /** The place among the characteristic's bins. */
  readonly bin: number;
  readonly points: number;
  /** What the points are measured against, by the card's method. */
  readonly reference: number;
  /** How far they are on the worse side of it; below zero where they are on the better. */
  readonly lost: number;
  readonly reason: string | null;
}

/** Of the cards that apply to the event. */
export async function cardPoints(
  engine: Engine,
  pipeline: Pipeline,
  record: Uint8Array,
): Promise<readonly CardPoints[]> {
  const table = binsTable(pipeline);
  if (table === null) return [];
  const offsets = Uint32Array.of(0, record.length);
  const batch = { partition: 0, basePosition: 0, count: 1, bytes: record, offsets, ingestTimesMs: null };
  const { tables } = await engine.analyze({ ...pipeline, tables: [table], alerts: [] }, one(batch));
  const [row] = tables.flatMap(({ rows }) => rows);
  return row === undefined ? [] : readBins(pipeline.scorecards, row);
}

async function* one<Item>(item: Item): AsyncGenerator<Item> {
  yield item;
}

/** Of each card whether it applies, then the place of each characteristic's bin. */
function binsTable({ models, scorecards }: Pipeline): Table | null {
  const scored = models.get(SCORED)?.input;
  if (scored?.op !== "project") return null;
  const expressions = scorecards.flatMap(({ when, characteristics }) => [
    when ?? boolean(true),
    ...characteristics.map(binOf),
  ]);
  return tableOf(scored.input, expressions);
}

function tableOf(input: Relation, expressions: readonly Expr[]): Table {
  const columns = expressions.map((expression, i) => columnOf(`c${i}`, expression, input.columns));
  const bins: Relation = { op: "project", input, expressions, columns };
  const relation = { op: "model", name: "bins", input: bins, columns } as const;
  return { name: "bins", output: "bins", topic: "bins", emit: "append", relation, key: [] };
}

function binOf({ bins }: Characteristic): Expr {
  const args = bins.flatMap(({ condition }, i) => (condition ? [condition, bigint(i)] : [bigint(i)]));
  return args.length === 1 ? args[0]! : call("case", args);
}

function readBins(cards: readonly Scorecard[], row: readonly Value[]): readonly CardPoints[] {
  const values = row.values();
  return cards.flatMap((card) => {
    const applies = values.next().value;
    const places = card.characteristics.map(() => Number(values.next().value));
    return applies === true ? [pointsOf(card, places)] : [];
  });
}

function pointsOf(card: Scorecard, places: readonly number[]): CardPoints {
  const sign = card.direction === "higher_is_safer" ? 1 : -1;
  const characteristics = card.characteristics.map(({ name, bins, referencePoints }, i) => {
    const bin = places[i] ?? 0;
    const { points = 0, reason = null } = bins[bin] ?? {};
    return { name, bin, points, reference: referencePoints, lost: sign * (referencePoints - points), reason };
  });
  const score = characteristics.reduce((sum, { points }) => sum + points, card.scale.startPoints);
  return { card, score, characteristics };
}
