/** State is dropped by the watermark: over a fixed pool of identities it doesn't grow from day to day. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { openSession } from "../../src/engine/embedded/open.ts";
import type { Session } from "../../src/engine/embedded/session.ts";
import { loadPipeline } from "../../src/pipeline/load.ts";
import { type RecurringSettings, recurringBatches } from "./recurring.ts";

const pipeline = loadPipeline(fileURLToPath(new URL("../../pipeline", import.meta.url)));

const nightly = process.env.LOANSTREAM_NIGHTLY === "1";
/** The nightly run has ten times the rate over as many identities. */
const settings: RecurringSettings = {
  seed: 1,
  startMs: Date.UTC(2026, 0, 5),
  ratePerSecond: nightly ? 200 : 20,
  roundMinutes: nightly ? 6 : 60,
};

const DAY = 24;
/** Hours of event time at whose end sizes are taken. */
const FIRST_DAY = [12, DAY];
const SECOND_DAY = [26, 30, 36, 42, 2 * DAY];
/** What a closed window held is dropped at a trigger; the longest windows slide by two hours. */
const MINUTES_A_TRIGGER = 120;

interface Size {
  /** Of everything that the next step depends on. */
  readonly state: number;
  /** Of the process after a garbage collection, array buffers included. */
  readonly memory: number;
}

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

function sizeOf(session: Session): Size {
  const state = session.snapshot().length;
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return { state, memory: heapUsed + external };
}

/** Bytes by hour of event time. */
function sizesAt(hours: readonly number[]): ReadonlyMap<number, Size> {
  const session = openSession(pipeline);
  const sizes = new Map<number, Size>();
  const batches = recurringBatches(settings);
  for (let minute = 1; minute <= 2 * DAY * 60; minute++) {
    session.step(batches.next().value);
    if (minute % MINUTES_A_TRIGGER === 0) session.trigger();
    if (minute % 60 === 0 && hours.includes(minute / 60)) sizes.set(minute / 60, sizeOf(session));
  }
  const { accepted, late, dead } = session.ledger().source;
  assert.ok(accepted > 0.9 * settings.ratePerSecond * 2 * DAY * 3600, `${accepted} events were accepted`);
  assert.deepEqual([late, dead], [0, 0]);
  return sizes;
}

test("over two days and one pool of identities, state and memory are flat over the second day", (context) => {
  const sizes = sizesAt([...FIRST_DAY, ...SECOND_DAY]);
  for (const [hour, { state, memory }] of sizes)
    context.diagnostic(
      `hour ${hour}: state ${state.toLocaleString()}, memory ${memory.toLocaleString()} bytes`,
    );
  const greatest = (hours: readonly number[], what: keyof Size): number =>
    Math.max(...hours.map((hour) => sizes.get(hour)?.[what] ?? Number.NaN));
  assert.ok(
    greatest([12], "state") < 0.9 * greatest([DAY], "state"),
    "the first day's windows fill the state",
  );
  assert.ok(greatest(SECOND_DAY, "state") <= 1.02 * greatest([DAY], "state"), "state grows");
  assert.ok(greatest(SECOND_DAY, "memory") <= 1.1 * greatest([DAY], "memory"), "memory grows");
});
