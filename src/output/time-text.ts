/** Times as people read them. */

/** Milliseconds since the epoch, as shown. */
export type TimeFormat = (ms: number) => string;

/** `2026-11-22 17:27:00` in a time zone; Sweden writes times in the ISO order. */
export function dateAndTime(timeZone: string): TimeFormat {
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" });
  return (ms) => format.format(ms);
}

/** `17:27:00` in a time zone; of another day than `nowMs`, `2026-11-21 17:27:00`. */
export function timeOfDay(timeZone: string, nowMs: number): TimeFormat {
  const time = new Intl.DateTimeFormat("sv-SE", { timeZone, timeStyle: "medium" });
  const day = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short" });
  const today = day.format(nowMs);
  return (ms) => (day.format(ms) === today ? time.format(ms) : `${day.format(ms)} ${time.format(ms)}`);
}
