/** Random logs for the pipeline beside: any order, re-used ids, times at the watermark, and what is no event. */
import fc from "fast-check";
import type { Action, LogRecord } from "./simulate.ts";

const START_MS = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;

const ids = fc.integer({ min: 1, max: 25 }).map((n) => `id-${n}`);
const names = fc.constantFrom("ann", "bob", "Zoë", "😀", "\uffff", "");

const fields = fc.record(
  {
    kind: fc.constantFrom("a", "b", "c"),
    name: names,
    amount: fc.oneof(fc.integer({ min: -1000, max: 1000 }), fc.constantFrom(-1000, 0, 1000)),
    rate: fc.oneof(fc.double({ min: 0, max: 10, noNaN: true }), fc.constantFrom(0, 1, 2, 5, 10, 0.1)),
    flag: fc.boolean(),
  },
  { requiredKeys: [] },
);

/**
 * Times stand on a grid of ten seconds, or a millisecond beside it, so that many fall on the watermark, on the edges of
 * windows and on the moment at which an id is forgotten.
 */
const ticks = (most: number) =>
  fc
    .tuple(fc.integer({ min: 0, max: most }), fc.constantFrom(0, 0, 0, 1, -1))
    .map(([count, besideMs]) => count * 10_000 + besideMs);

/** Behind the log's progress: within the delay, at it, beyond it, or an hour ahead. */
const lags = fc.oneof(
  { weight: 60, arbitrary: fc.constant(0) },
  { weight: 60, arbitrary: ticks(7) },
  { weight: 10, arbitrary: ticks(20) },
  { weight: 1, arbitrary: fc.constantFrom(-HOUR_MS, -HOUR_MS - 1) },
);

const malformed = fc.constantFrom(
  "not json",
  "[]",
  '{"id":"id-1"}',
  '{"id":"id-1","at":"2026-01-01T00:00:00.000Z","kind":"z"}',
  '{"id":"id-1","at":"2026-01-01T09:00:00.000Z","amount":1001}',
  '{"id":1,"at":"2026-01-01T00:00:00.000Z"}',
);

interface Step {
  readonly advanceMs: number;
  readonly lagMs: number;
  readonly id: string;
  readonly fields: object;
  readonly malformed: string | null;
}

const steps: fc.Arbitrary<Step> = fc.record({
  advanceMs: fc.constantFrom(0, 0, 0, 10_000, 10_000, 60_000),
  lagMs: lags,
  id: ids,
  fields,
  malformed: fc.oneof({ weight: 12, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: malformed }),
});

/** Records in the order of the log; all have ingest times, or none has. */
export const logs: fc.Arbitrary<readonly LogRecord[]> = fc
  .tuple(fc.array(steps, { maxLength: 60, size: "max" }), fc.boolean())
  .map(([found, timed]) => {
    let nowMs = START_MS;
    return found.map(({ advanceMs, lagMs, id, fields: own, malformed: broken }) => {
      nowMs += advanceMs;
      const at = new Date(nowMs - lagMs).toISOString();
      return { text: broken ?? JSON.stringify({ id, at, ...own }), ingestTimeMs: timed ? nowMs : null };
    });
  });

export const schedules: fc.Arbitrary<readonly Action[]> = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant("step" as const), records: fc.integer({ min: 0, max: 12 }) }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("trigger" as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
  ),
  { maxLength: 30, size: "max" },
);
