/** Dates without a Date each, and numbers within bounds. */
export const dayMs = 86_400_000;

export interface CalendarDate {
  readonly year: number;
  /** From 1 on. */
  readonly month: number;
  readonly dayOfMonth: number;
}

/** Of a day since the epoch, in years 0 to 9999 (Howard Hinnant, "chrono-compatible low-level date algorithms"). */
export function calendarDate(day: number): CalendarDate {
  const shifted = day + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1_460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const dayOfMonth = dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1;
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfMonth };
}

/** Rounded half up to four decimals, which prints in few digits. */
export const fourDecimals = (value: number): number => Math.floor(value * 10_000 + 0.5) / 10_000;

export const clamp = (value: number, least: number, greatest: number): number =>
  value < least ? least : value > greatest ? greatest : value;
