/** Numbers, sizes and times in words. */
const number = new Intl.NumberFormat("en-US");

/** `1,234` */
export const count = (value: number) => number.format(value);

/** `1 record`, `2 records` */
export const counted = (value: number, noun: string) => `${count(value)} ${noun}${value === 1 ? "" : "s"}`;

/** `position 1,234`; of several partitions `positions 3, 1,234` in their order. */
export function positionsText(positions: readonly number[]): string {
  return positions.length > 1
    ? `positions ${positions.map(count).join(", ")}`
    : `position ${count(positions[0] ?? 0)}`;
}

const SIZES = ["B", "kB", "MB", "GB", "TB"];

/** `58 MB`, `1.5 GB`: decimal units. */
export function size(bytes: number): string {
  const exponent = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), SIZES.length - 1);
  const value = bytes / 1000 ** exponent;
  return `${Number(value.toFixed(value < 10 ? 1 : 0))} ${SIZES[exponent]}`;
}

const UNITS = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
] as const;

/** `3 days`, `2 hours`, `12 s`: in the largest unit of which there are two, rounded down; a negative one is none. */
export function duration(ms: number): string {
  const [name, unitMs] = UNITS.find(([, each]) => ms >= 2 * each) ?? ["s", 1000];
  const whole = Math.max(0, Math.floor(ms / unitMs));
  return name === "s" ? `${whole} s` : `${whole} ${name}s`;
}
