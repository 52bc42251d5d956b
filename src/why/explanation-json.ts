/** An explanation as one JSON object. */
import { type NamedType, rowWriter } from "../output/json.ts";
import type { Scorecard } from "../scorecard/scorecard.ts";
import { ALERT_COLUMNS } from "../store/alerts.ts";
import type { CardPoints } from "./card-points.ts";
import type { CardTexts } from "./card-texts.ts";
import type { ExplainedEvent, Explanation } from "./explanation.ts";
import type { NamedRows } from "./mentions.ts";
import { statedReasons } from "./reasons.ts";

export function explanationJson(
  { id, events, cards, rows, groups, alerts }: Explanation,
  scorecards: readonly Scorecard[],
  texts: CardTexts,
): string {
  const reasons = rows.flatMap(({ table, rows: its }) =>
    its.flatMap((row) =>
      statedReasons(table, row, scorecards, texts).map((reason) => ({ table: table.name, ...reason })),
    ),
  );
  const fields = [
    ["id", JSON.stringify(id)],
    ["events", JSON.stringify(events.map(eventJson))],
    ["rows", namedJson(rows)],
    ["scorecards", JSON.stringify(cards.map((card) => cardJson(card, texts)))],
    ["reasons", JSON.stringify(reasons)],
    ["groups", namedJson(groups)],
    ["alerts", listJson(ALERT_COLUMNS, alerts)],
  ];
  return `{${fields.map(([name, json]) => `"${name}":${json}`).join(",")}}`;
}

function eventJson({ partition, position, timeMs, kind, verdict, masked }: ExplainedEvent): object {
  const time = timeMs === null ? null : new Date(timeMs).toISOString();
  const dead =
    verdict.kind === "dead"
      ? { path: verdict.letter.path, reason: verdict.letter.reason, retried_as: verdict.letter.retriedAs }
      : {};
  return { partition, position, time, kind, verdict: verdict.kind, ...dead, event: masked };
}

function cardJson({ card, score, characteristics }: CardPoints, texts: CardTexts): object {
  return {
    card: card.name,
    purpose: card.purpose,
    score,
    characteristics: characteristics.map(({ name, bin, points, reference, lost, reason }, i) => ({
      name,
      bin: texts.bin(card.name, i, bin),
      points,
      reference,
      lost: Number(lost.toFixed(2)),
      reason: lost > 0 ? reason : null,
    })),
  };
}

function namedJson(found: readonly NamedRows[]): string {
  const objects = found.map(
    ({ table, rows }) =>
      `{"table":${JSON.stringify(table.name)},"rows":${listJson(table.relation.columns, rows)}}`,
  );
  return `[${objects.join(",")}]`;
}

function listJson(columns: readonly NamedType[], rows: NamedRows["rows"]): string {
  return `[${rows.map(rowWriter(columns)).join(",")}]`;
}
