/** Events of the default pipeline for a topic. */
import { alertCases, eventsOf } from "../pipeline/alert-events.ts";
import type { LogRecord } from "../simulation/simulate.ts";
import { generatedLog } from "./tables-events.ts";

/** After every case of an alert; an hour ends, and with it windows of an hour and more. */
const START_MS = Date.UTC(2026, 0, 11, 15, 50);
export const INGEST_MS = START_MS + 3_600_000;

const timeOf = ({ text: json }: LogRecord): number => Date.parse(JSON.parse(json).event_time);

/** Once more, of other applications by the same applicants. */
const again = (log: readonly LogRecord[]): readonly LogRecord[] =>
  log.map((record) => ({ ...record, text: record.text.replaceAll("-4000-8000-", "-4000-8001-") }));

/** Something for every table and alert. The cases of alerts come first, over days, and then what was generated. */
export function everything(): readonly LogRecord[] {
  const single = alertCases.flatMap(eventsOf);
  const cases = [...single, ...again(single)].toSorted((one, other) => timeOf(one) - timeOf(other));
  return [...cases, ...withBroken(generatedLog({ seed: 11, count: 2500, startMs: START_MS }))];
}

function withBroken(log: readonly LogRecord[]): LogRecord[] {
  return log.flatMap((record, place) => {
    if (place % 400 !== 7) return [record];
    const other = record.text.replace('"schema_version":', '"schema_version":"x",":');
    return [record, { ...record, text: place % 800 === 7 ? record.text.slice(0, -9) : other }];
  });
}

/** Of all records, as they are written. */
export const greatestTimeMs = (log: readonly LogRecord[]): number =>
  log.reduce((most, { text }) => {
    const [, time = ""] = /"event_time":"([^"]*)"/.exec(text) ?? [];
    return Math.max(most, Date.parse(time));
  }, 0);
