/** What the command line of `generate` asks for. */
import { usageError, wholeNumber } from "../config/flags.ts";
import { readSettings } from "../config/settings.ts";
import type { SettingsOf } from "../config/table.ts";
import type { RecordOptions } from "../generator/records.ts";
import { rhythms } from "../generator/rhythm.ts";
import type { Scenario } from "../generator/scenarios/scenario.ts";
import { scenarios } from "../generator/scenarios/scenarios.ts";
import { badKinds } from "../generator/truth.ts";

/** A Monday; fixed, so that the same seed gives the same bytes on any day. */
export const DEFAULT_START = "2026-01-05T00:00:00Z";
const DEFAULT_EVENTS = "10000";

export interface GenerateOptions {
  /** Infinite: until the process is told to end. */
  readonly events: number;
  /** Each record waits until its time of arrival. */
  readonly paced: boolean;
  readonly records: RecordOptions;
  readonly out: Out;
  /** A file. */
  readonly truth: string | null;
  readonly settings: SettingsOf<"generate">;
}

export type Out =
  /** `-` is standard output. */
  | { readonly kind: "file"; readonly path: string }
  /** Without a name, the topic of the pipeline's events. */
  | { readonly kind: "kafka"; readonly topic: string | null };

/** Throws `usage.invalid`, and what is wrong with the settings. */
export function readOptions(argv: readonly string[], nowMs: () => number): GenerateOptions {
  const text = { type: "string" } as const;
  const { settings, flags } = readSettings("generate", argv, {
    options: {
      events: text,
      rhythm: text,
      start: text,
      scenario: text,
      "bad-share": text,
      bad: text,
      out: text,
      paced: { type: "boolean", default: false },
      truth: text,
    },
  });
  const { paced } = flags;
  const out = flags.out ?? "-";
  if (flags.truth === out) throw usageError("generate", "--truth and --out are the same file");
  return {
    events: readEvents(flags.events, paced),
    paced,
    records: {
      ratePerSecond: settings.rate,
      rhythm: rhythms[oneOf("rhythm", flags.rhythm ?? "weekly", ["weekly", "flat"])],
      seed: settings.seed,
      ...(paced ? pacedStart(flags.start, nowMs()) : { startMs: readStart(flags.start ?? DEFAULT_START) }),
      scenarios: readScenarios(flags.scenario),
      badShare: readBadShare(flags["bad-share"] ?? "0"),
      badKinds:
        flags.bad === undefined ? badKinds : flags.bad.split(",").map((kind) => oneOf("bad", kind, badKinds)),
    },
    out: readOut(out),
    truth: flags.truth ?? null,
    settings,
  };
}

function readEvents(text: string | undefined, paced: boolean): number {
  if (text === undefined && paced) return Number.POSITIVE_INFINITY;
  return wholeNumber("generate", "events", text ?? DEFAULT_EVENTS, 0);
}

function readOut(text: string): Out {
  if (text === "kafka") return { kind: "kafka", topic: null };
  const topic = /^kafka:(.*)$/s.exec(text)?.[1];
  if (topic === undefined) return { kind: "file", path: text };
  if (/^[\w.-]{1,249}$/.test(topic)) return { kind: "kafka", topic };
  throw usageError("generate", `--out kafka:TOPIC takes letters, digits, ".", "_" and "-", not "${topic}"`);
}

function oneOf<Name extends string>(flag: string, text: string, names: readonly Name[]): Name {
  const name = names.find((each) => each === text);
  if (name !== undefined) return name;
  throw usageError("generate", `--${flag} knows ${names.join(", ")}, not "${text}"`);
}

function readScenarios(list: string | undefined): readonly Scenario[] {
  if (list === undefined) return scenarios;
  if (list === "none") return [];
  const names = scenarios.map(({ name }) => name);
  const wanted = list.split(",").map((text) => oneOf("scenario", text, names));
  return scenarios.filter(({ name }) => wanted.includes(name));
}

function readBadShare(text: string): number {
  const share = Number(text);
  if (/^\d*\.?\d+$/.test(text) && share <= 0.5) return share;
  throw usageError("generate", `--bad-share takes a number from 0 to 0.5, not "${text}"`);
}

/** Numbers of applications are taken by the clock, so that two starts don't send the same ones. */
const NUMBERS_A_MS = 64;
const NUMBERED_MS = 2 ** 30;

function pacedStart(start: string | undefined, nowMs: number) {
  if (start !== undefined) throw usageError("generate", "--paced begins now: it takes no --start");
  return { startMs: nowMs, firstNumber: (nowMs % NUMBERED_MS) * NUMBERS_A_MS };
}

/** A zone is asked for, since without one the same command would mean another time on another machine. */
function readStart(text: string): number {
  const startMs = /(Z|[+-]\d\d:\d\d)$|^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : Number.NaN;
  if (startMs >= Date.UTC(1990, 0) && startMs <= Date.UTC(2200, 0)) return startMs;
  throw usageError(
    "generate",
    `--start takes a time between 1990 and 2200 such as ${DEFAULT_START}, not "${text}"`,
  );
}
