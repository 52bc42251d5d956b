/** Seeded logs for the pipeline beside, whose events have a field of every type. */
import type { LogRecord } from "../simulation/simulate.ts";
import { type Choices, choicesFrom } from "./expressions-random.ts";

const START_MS = Date.UTC(2026, 0, 1);
const DELAY_MS = 120_000;
const MOST = Number.MAX_SAFE_INTEGER;

const TEXTS = ["", "a", "b", "bB", "é", "e\u0301", "\uffff", "😀", "%"];
const DOUBLES = [0, 1e-7, 0.1, 1 / 3, 2.675, 1e300, -1e300, 5e-324, 123456789.9876543, -2.5];

/**
 * Times stand on a grid of ten seconds, or a millisecond beside it, up to the delay behind the newest and a little more;
 * a record in eight repeats an earlier one's id and time.
 */
export function smallLog(seed: number, count: number): LogRecord[] {
  const choices = choicesFrom(seed);
  const log: LogRecord[] = [];
  let nowMs = START_MS;
  for (let number = 0; number < count; number++) {
    const earlier =
      log.length > 0 && choices.chance(0.12)
        ? log[choices.integer(Math.max(0, log.length - 15), log.length - 1)]
        : undefined;
    nowMs += choices.of([0, 0, 0, 10_000, 10_000, 30_000]);
    const lagMs = choices.chance(0.5) ? 0 : choices.integer(0, 13) * 10_000 + choices.of([0, 0, 1, -1]);
    const timeMs = Math.min(nowMs, nowMs - Math.min(lagMs, DELAY_MS + 10_001));
    log.push(earlier ? again(choices, earlier) : recordOf(choices, `id-${number}`, timeMs));
  }
  return log;
}

function again(choices: Choices, { text }: LogRecord): LogRecord {
  return { text: choices.chance(0.5) ? text : text.replace('"small":', '"else":'), ingestTimeMs: null };
}

function recordOf(choices: Choices, id: string, timeMs: number): LogRecord {
  if (choices.chance(0.02)) return { text: `{"id":"${id}"}`, ingestTimeMs: null };
  const event = {
    id,
    time: new Date(timeMs).toISOString(),
    place: choices.chance(0.9)
      ? someOf(choices, { e: choices.of(TEXTS), value: choices.share() })
      : undefined,
    ...someOf(choices, {
      clock: choices.of([0, -1, 1, START_MS, START_MS + 3_599_999, -62_135_596_800_000]),
      born: choices.of(["0001-01-01", "1969-12-31", "2000-02-29", "9999-12-31"]),
      kind: choices.of(["a", "b", "c"]),
      name: choices.of(TEXTS),
      amount: choices.of([MOST, MOST, MOST - 1, -MOST, 0, 1, choices.integer(-1000, 1000)]),
      small: choices.integer(0, 3),
      rate: choices.of([-10, 10, -2.5, -1, 0, 2.5, 4, choices.share() * 20 - 10]),
      any_rate: choices.of([...DOUBLES, choices.share()]),
      flag: choices.chance(0.5),
      tags: Array.from({ length: choices.integer(0, 4) }, () => choices.of(TEXTS)),
      position: choices.integer(0, 9),
      partition: choices.of(TEXTS),
      ingest_time: choices.of([
        "1969-12-31T23:59:59.999Z",
        "9999-12-31T23:59:59.999Z",
        "2026-01-01T00:00:00.000Z",
      ]),
      value: choices.chance(0.5),
      window: choices.of(TEXTS),
    }),
  };
  return { text: JSON.stringify(event), ingestTimeMs: null };
}

/** Each field is left out of one record in six. */
function someOf(choices: Choices, fields: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(fields).filter(() => choices.chance(5 / 6)));
}

/** Rows of the plain data set: ids come again, and nothing is made of it. */
export function plainLog(seed: number, count: number): LogRecord[] {
  const choices = choicesFrom(seed);
  return Array.from({ length: count }, () => {
    const amount = choices.of([0, 10, 11, 1_000_000, 1_000_001, choices.integer(0, 1000)]);
    const rate = choices.chance(0.8) ? choices.share() : null;
    return { text: JSON.stringify({ id: `id-${choices.integer(1, 9)}`, amount, rate }), ingestTimeMs: null };
  });
}
