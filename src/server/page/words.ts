/** Names of code as words. */

/** `mean_amount_cents` as `Mean amount`: the unit is seen in the values. */
export function heading(name: string): string {
  const words = asWords(name.replace(/_(cents|ms|s)(?=$|_)/g, ""));
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** `very_high` as `very high`. */
export function asWords(code: string): string {
  return code.replaceAll("_", " ");
}

const DURATIONS = [
  { unit: "d", ms: 86_400_000 },
  { unit: "h", ms: 3_600_000 },
  { unit: "min", ms: 60_000 },
  { unit: "s", ms: 1000 },
  { unit: "ms", ms: 1 },
] as const;

/** `850 ms`, `2.5 h`: three figures at most. */
export function durationText(ms: number): string {
  const { unit, ms: size } = DURATIONS.find((duration) => Math.abs(ms) >= duration.ms) ?? DURATIONS[4];
  return `${Number((ms / size).toPrecision(3))} ${unit}`;
}
