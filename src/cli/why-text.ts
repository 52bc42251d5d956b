/** An explanation for people: sections of aligned lines. */

import type { Json, MaskedRecord } from "../contract/mask.ts";
import type { Table } from "../pipeline/pipeline.ts";
import type { Scorecard } from "../scorecard/scorecard.ts";
import type { Value } from "../sql/types.ts";
import { ALERT_COLUMNS } from "../store/alerts.ts";
import type { StoredDeadLetter } from "../store/letters.ts";
import type { CardPoints } from "../why/card-points.ts";
import type { CardTexts } from "../why/card-texts.ts";
import type { ExplainedEvent, Explanation } from "../why/explanation.ts";
import type { NamedRows } from "../why/mentions.ts";
import { statedReasons } from "../why/reasons.ts";
import { alignedLines } from "./aligned.ts";
import type { PlaceText } from "./place-text.ts";
import { plainText, printable, type TextSettings } from "./table-text.ts";

export interface WhySettings extends TextSettings {
  readonly scorecards: readonly Scorecard[];
  readonly texts: CardTexts;
  readonly place: PlaceText;
}

export function explanationText(explanation: Explanation, settings: WhySettings): string[] {
  const { id, events, cards, rows, groups, alerts } = explanation;
  const sections = [
    section(`Events of ${id}`, eventLines(events, settings)),
    ...knownLines(events, settings),
    ...rows.flatMap((named) => rowSections(named, settings)),
    ...cards.map((card) => cardSection(card, settings)),
    ...groups.flatMap((named) => groupSections(named, settings)),
    section("Alerts", alertLines(alerts, settings)),
  ];
  return sections.flatMap((lines, index) => (index === 0 ? lines : ["", ...lines])).map(printable);
}

function section(title: string, lines: readonly string[]): string[] {
  return [title, ...(lines.length === 0 ? ["none"] : lines).map((line) => `  ${line}`)];
}

function eventLines(events: readonly ExplainedEvent[], { time, place }: WhySettings): string[] {
  const rows = events.map((event) => [
    event.timeMs === null ? "" : time(event.timeMs),
    event.kind ?? "",
    `position ${place(event)}`,
    event.verdict.kind === "dead" ? deadText(event.verdict.letter, place) : event.verdict.kind,
  ]);
  return alignedLines(rows);
}

function deadText({ path, reason, retriedAs }: StoredDeadLetter, place: PlaceText): string {
  return `dead: ${path} ${reason}${retriedAs === null ? "" : `; retried as position ${place(retriedAs)}`}`;
}

/** The fields of the event that says most. */
function knownLines(events: readonly ExplainedEvent[], { place }: WhySettings): string[][] {
  const flat = events.map((event) => ({ event, fields: fieldsOf(event.masked) }));
  const [fullest] = flat.toSorted((a, b) => b.fields.length - a.fields.length);
  if (!fullest) return [];
  const what = `${fullest.event.kind ?? "the event"} at position ${place(fullest.event)}`;
  return [section(`What ${what} says`, alignedLines(fullest.fields))];
}

function fieldsOf(record: MaskedRecord): [string, string][] {
  return typeof record === "string" ? [["", record]] : flattened("", record);
}

function flattened(path: string, value: Json): [string, string][] {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return [[path, typeof value === "string" ? value : JSON.stringify(value)]];
  const within = path === "" ? "" : `${path}.`;
  return Object.entries(value).flatMap(([name, field]) => flattened(`${within}${name}`, field));
}

const MOST_ROWS = 5;

function rowSections({ table, rows }: NamedRows, settings: WhySettings): string[][] {
  const sections = rows.slice(0, MOST_ROWS).map((row) => rowSection(table.name, table, row, settings));
  const more = rows.length - sections.length;
  return more > 0 ? [...sections, [`and ${more} more rows of ${table.name}`]] : sections;
}

function rowSection(title: string, table: Table, row: readonly Value[], settings: WhySettings): string[] {
  const reasons = statedReasons(table, row, settings.scorecards, settings.texts);
  const stated = new Set(reasons.map(({ column }) => column));
  const cells = table.relation.columns.flatMap(({ name, type }, place): string[][] => {
    if (stated.has(name))
      return reasons
        .filter(({ column }) => column === name)
        .map(({ code, text }, i) => [i === 0 ? name : "", `${code}: ${text}`]);
    const value = row[place] ?? null;
    return value === null ? [] : [[name, plainText(type, value, settings.time)]];
  });
  return section(title, alignedLines(cells));
}

/** A group stands in several windows that overlap: the newest of them tells. */
function groupSections({ table, rows }: NamedRows, settings: WhySettings): string[][] {
  const places = table.relation.columns.flatMap(({ name, type }, place) =>
    table.key.includes(name) && type.kind !== "timestamp" ? [place] : [],
  );
  const groups = Map.groupBy(rows, (row) => JSON.stringify(places.map((place) => String(row[place]))));
  return [...groups.values()].flatMap(([newest, ...older]) => {
    if (!newest) return [];
    const windows = older.length === 0 ? "" : `, the newest of its ${older.length + 1} windows`;
    return [rowSection(`${table.name}: a group that holds it${windows}`, table, newest, settings)];
  });
}

const RIGHT = new Set([2, 3, 4]);

/** What speaks most against the applicant comes first. */
function cardSection({ card, score, characteristics }: CardPoints, { texts }: WhySettings): string[] {
  const lines = characteristics
    .map((found, place) => ({ ...found, text: texts.bin(card.name, place, found.bin) }))
    .toSorted((a, b) => b.lost - a.lost)
    .map(({ name, text, points, reference, lost, reason }) => [
      name,
      text,
      String(points),
      String(reference),
      lost > 0 ? String(Number(lost.toFixed(2))) : "",
      lost > 0 && reason !== null ? texts.reason(card.purpose, reason) : "",
    ]);
  const head = ["characteristic", "is", "points", "against", "lost", "for which the reason is"];
  return section(`Scorecard ${card.name}: ${score}`, alignedLines([head, ...lines], RIGHT));
}

function alertLines(alerts: Explanation["alerts"], { time }: TextSettings): string[] {
  const place = (name: string) => ALERT_COLUMNS.findIndex((column) => column.name === name);
  const [at, severity, alert, message] = ["event_time", "severity", "alert", "message"].map(place);
  const text = (row: Explanation["alerts"][number], index: number | undefined) =>
    String(row[index ?? -1] ?? "");
  const rows = alerts.map((row) => {
    const timeMs = row[at ?? -1];
    return [
      typeof timeMs === "number" ? time(timeMs) : "",
      text(row, severity),
      text(row, alert),
      text(row, message),
    ];
  });
  return alignedLines(rows.toSorted((a, b) => ((a[0] ?? "") < (b[0] ?? "") ? -1 : 1)));
}
