/** The table that random expressions read: a column of each kind of value, nulls and extremes among them. */
import type { Leaf } from "../../src/contract/schema.ts";
import { columnOf, column as columnRef, NO_LINEAGE } from "../../src/sql/build.ts";
import { call } from "../../src/sql/catalogue/catalogue.ts";
import type { Call, Column, Expr, HistogramTrace, Project, Source } from "../../src/sql/plan.ts";
import {
  arrayOf,
  BIGINT,
  BOOLEAN,
  DOUBLE,
  FINITE,
  type Range,
  SAFE,
  type SqlType,
  STRING,
  TIMES,
  TIMESTAMP,
  type Value,
} from "../../src/sql/types.ts";
import type { Choices } from "./expressions-random.ts";

interface Described {
  readonly name: string;
  readonly type: SqlType;
  readonly range: Range | null;
  readonly nullable: boolean;
  draw(choices: Choices): Value;
}

type Draw = Described["draw"];

const described = (name: string, type: SqlType, range: Range | null, draw: Draw): Described => ({
  ...{ name, type, range, draw, nullable: !name.endsWith("_sure") },
});

const whole = (low: number, high: number): Draw => {
  const edges = [low, high, 0, 1, -1, low + 1, high - 1].filter((edge) => edge >= low && edge <= high);
  return (choices) =>
    choices.chance(0.3) ? choices.of(edges) : low + Math.floor(choices.share() * (high - low + 1));
};

const within = (low: number, high: number): Draw => {
  const edges = [low, high, 0, 0.5, 0.1, 1].filter((edge) => edge >= low && edge <= high);
  return (choices) => (choices.chance(0.3) ? choices.of(edges) : low + choices.share() * (high - low) + 0);
};

const EXTREMES = [
  ...[0, 1, -1, 0.5, -0.5, 2.5, -2.5, 0.1, 1 / 3, Number.MAX_VALUE, -Number.MAX_VALUE, Number.MIN_VALUE],
  ...[-Number.MIN_VALUE, 2.2250738585072014e-308, 2 ** 53, 2 ** 53 + 2, -(2 ** 53), 2 ** 63, -(2 ** 63)],
  ...[2 ** 52 + 0.5, 2 ** 52 + 2, 1e22, 1e23, 1e308, 1e-300, 709.782712893384, 709.79, -745.2, -744],
  ...[4.9e-320, 2 ** 60, 1e15 + 0.3, 123456789012345.67],
];

/** Of every magnitude. */
const anyDouble: Draw = (choices) => {
  if (choices.chance(0.4)) return choices.of(EXTREMES);
  const magnitude = 10 ** (choices.chance(0.5) ? choices.integer(-6, 20) : choices.integer(-320, 307));
  return (choices.share() * 2 - 1) * magnitude + 0;
};

/** Halves of the last digit, as decimal text and one step beside it. */
const tie: Draw = (choices) => {
  const digits = choices.integer(0, 6);
  const value = Number(
    `${choices.integer(-20_000, 20_000)}.${String(choices.integer(0, 10 ** digits - 1)).padStart(digits, "0")}5`,
  );
  return choices.of([value, value, value * (1 + 2 ** -52), value * (1 - 2 ** -53)]) + 0;
};

const nearLimit: Draw = (choices) =>
  choices.of([1, -1]) * (2 ** choices.integer(52, 54) + choices.integer(-4, 4) * choices.of([0.5, 1]));

const CHARACTERS = [
  ...["a", "b", "Z", "7", " ", "%", "_", "\\", "'", '"', "\n", "\t", "\u0000", ".", "*", "(", "[", "$", "^"],
  ...[
    "é",
    "ß",
    "Ü",
    "İ",
    "ǅ",
    "中",
    "٣",
    "\u0301",
    "\u200d",
    "\uffff",
    "\ufffd",
    "\ufb01",
    "ª",
    "Ⅷ",
    "ⓐ",
    "ʰ",
    "😀",
    "👩",
    "𝐀",
    "𝟙",
    "𐐨",
  ],
];

const anyText: Draw = (choices) =>
  Array.from({ length: choices.integer(0, choices.of([0, 3, 12])) }, () => choices.of(CHARACTERS)).join("");
const plainText: Draw = (choices) =>
  Array.from({ length: choices.integer(0, 6) }, () => choices.of(["a", "b", "A", "1", "_", "%"])).join("");

const DAY_MS = 86_400_000;
const MOMENTS = [
  ...[0, -1, 1, 999, TIMES.low, TIMES.low + 1, TIMES.high, TIMES.high - 1, -DAY_MS, DAY_MS - 1],
  ...["1582-10-04", "1582-10-15", "1600-02-29", "1900-03-01", "2000-02-29", "2024-12-30", "2026-01-01"].map(
    (day) => Date.parse(`${day}T00:00:00.000Z`),
  ),
  ...[-62_104_060_800_000, -62_135_596_799_999, Date.parse("2026-03-29T01:30:00.123Z")],
];
const moment: Draw = (choices) =>
  choices.chance(0.35)
    ? choices.of(MOMENTS)
    : TIMES.low + Math.floor(choices.share() * (TIMES.high - TIMES.low));
const recent: Draw = (choices) => 1_767_225_600_000 + choices.integer(-(10 ** 9), 10 ** 9) * 37;

const HOUR_MS = 3_600_000;
const HOUR: Range = { low: 1_767_225_600_000, high: 1_767_225_600_000 + HOUR_MS };
const withinTheHour: Draw = (choices) =>
  HOUR.low + Math.min(choices.integer(0, HOUR_MS), choices.integer(0, 60) * 60_000);

const truth: Draw = (choices) => choices.chance(0.5);
const tags: Draw = (choices) => Array.from({ length: choices.integer(0, 5) }, () => plainText(choices));

const MONEY = { low: 0, high: 1e11 };
const COUNTS = { low: 0, high: 2 ** 42 };
const count: Draw = (choices) =>
  choices.of([0, 0, 1, 2, choices.integer(0, 1000), 2 ** 42, choices.integer(0, 2 ** 31)]);

const drawn: readonly Described[] = [
  described("b_small", BIGINT, { low: -100, high: 100 }, whole(-100, 100)),
  described("b_months_sure", BIGINT, { low: 1, high: 12 }, whole(1, 12)),
  described("b_money", BIGINT, MONEY, whole(0, 1e11)),
  described("b_full", BIGINT, SAFE, whole(SAFE.low, SAFE.high)),
  described("b_full_sure", BIGINT, SAFE, whole(SAFE.low, SAFE.high)),
  described("d_small", DOUBLE, { low: -1000, high: 1000 }, within(-1000, 1000)),
  described("d_unit_sure", DOUBLE, { low: 0, high: 1 }, within(0, 1)),
  described("d_positive_sure", DOUBLE, { low: 0.25, high: 64 }, within(0.25, 64)),
  described("d_full", DOUBLE, FINITE, anyDouble),
  described("d_full_sure", DOUBLE, FINITE, anyDouble),
  described("d_tie", DOUBLE, { low: -30_000, high: 30_000 }, tie),
  described("d_limit", DOUBLE, { low: -4e16, high: 4e16 }, nearLimit),
  described("s_any", STRING, null, anyText),
  described("s_any_sure", STRING, null, anyText),
  described("s_plain", STRING, null, plainText),
  described("o_any", BOOLEAN, null, truth),
  described("o_sure", BOOLEAN, null, truth),
  described("t_any", TIMESTAMP, TIMES, moment),
  described("t_sure", TIMESTAMP, TIMES, moment),
  described("t_recent", TIMESTAMP, { low: 1_700_000_000_000, high: 1_900_000_000_000 }, recent),
  described("at_sure", TIMESTAMP, HOUR, withinTheHour),
  described("tags", arrayOf(STRING), null, tags),
  ...[1, 2, 3, 4].map((bin) => described(`c${bin}_sure`, BIGINT, COUNTS, count)),
];

const NULL_SHARE = 0.15;

export type Row = readonly Value[];

/** A value a source column. */
export function randomRows(choices: Choices, count: number): readonly Row[] {
  return Array.from({ length: count }, () =>
    drawn.map(({ nullable, draw }) => (nullable && choices.chance(NULL_SHARE) ? null : draw(choices))),
  );
}

export const leaves: readonly Leaf[] = drawn.map(({ name, type }, column) => ({
  ...{ kind: "leaf", name, path: name, description: "", type, column, format: null, values: null },
  ...{ minimum: null, maximum: null, maxLength: null, pii: null, protected: false },
}));

export const source: Source = {
  op: "source",
  columns: drawn.map(({ name, type, range, nullable }) => ({
    ...{ name, type, range, nullable, lineage: NO_LINEAGE, eventTime: name === "at_sure" },
  })),
};

function histogramOf(names: readonly string[], trace: HistogramTrace): Call {
  const counts = names.map((name) =>
    columnRef(
      source.columns,
      source.columns.findIndex((column) => column.name === name),
    ),
  );
  return { ...call("array", counts), histogram: trace };
}

const HISTOGRAMS: Readonly<Record<string, Call>> = {
  h_four: histogramOf(["c1_sure", "c2_sure", "c3_sure", "c4_sure"], {
    bounds: [1, 10, 100.5],
    minimum: -2.5,
  }),
  h_two: histogramOf(["c2_sure", "c4_sure"], { bounds: [1e11], minimum: 0 }),
  h_rare: histogramOf(["c1_sure", "c3_sure", "c1_sure"], { bounds: [0.1, 0.7], minimum: 0 }),
};

/** How many bins each histogram column has. */
export const histogramBins: Readonly<Record<string, number>> = { h_four: 4, h_two: 2, h_rare: 3 };

const kept: readonly Expr[] = source.columns.map((_, index) => columnRef(source.columns, index));

/** The source's columns, then the histograms. */
export const table: Project = {
  op: "project",
  input: source,
  expressions: [...kept, ...Object.values(HISTOGRAMS)],
  columns: [
    ...source.columns,
    ...Object.entries(HISTOGRAMS).map(
      ([name, histogram]): Column => columnOf(name, histogram, source.columns),
    ),
  ],
};
