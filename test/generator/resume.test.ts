import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createGenerator,
  type GeneratedEvent,
  type GeneratorOptions,
} from "../../src/generator/generator.ts";
import { parse, startMs, text } from "./generated.ts";

const dayMs = 86_400_000;

const take = (options: GeneratorOptions, count: number): GeneratedEvent[] => [
  ...createGenerator(options).take(count),
];

/** Opened after each of the times, a stream goes on with the very events that the whole one has from there. */
function assertGoesOn(
  whole: GeneratorOptions,
  events: readonly GeneratedEvent[],
  timesMs: readonly number[],
) {
  for (const afterMs of timesMs) {
    const rest = events.filter(({ arrivalMs }) => arrivalMs > afterMs);
    assert.ok(rest.length > 500);
    const opened = take({ ...whole, afterMs }, rest.length);
    const other = rest.findIndex(({ json }, i) => json !== opened[i]?.json);
    assert.equal(other, -1, `opened ${afterMs - startMs} ms after the start, event ${other} is another`);
  }
}

describe("a stream opened in its midst", () => {
  for (const options of [
    { ratePerSecond: 3, duplicateShare: 0.3 },
    { ratePerSecond: 2000, firstNumber: 5_000_000_000 },
    { ratePerSecond: 0.05 },
  ]) {
    it(`goes on with the events that it would have had: ${JSON.stringify(options)}`, () => {
      const whole = { seed: 5, startMs, ...options };
      const events = take(whole, 4000);
      const times = [0, 1, 40, 700, 2500].map((at) => events[at]?.arrivalMs ?? Number.NaN);
      assertGoesOn(whole, events, [startMs - 1, ...times]);
    });
  }

  it("goes on after the last of those that were in flight at its begin", () => {
    const whole = { seed: 2, startMs, ratePerSecond: 0.05 };
    assertGoesOn(whole, take(whole, 42_000), [startMs + 3 * dayMs, startMs + 9 * dayMs]);
  });
});

it("another first number gives other applications, of the same customers", () => {
  const of = (firstNumber: number) => {
    const events = take({ seed: 1, startMs, ratePerSecond: 3, firstNumber }, 4000).map(parse);
    const submitted = events.filter((event) => text(event, "event_type") === "submitted");
    return {
      applications: new Set(events.map((event) => text(event, "application_id"))),
      people: new Set(submitted.map((event) => text(event, "applicant.ssn_token"))),
    };
  };
  const first = of(0);
  const second = of(1_000_000);
  assert.ok([...first.applications].every((id) => !second.applications.has(id)));
  assert.ok([...first.people].some((token) => second.people.has(token)));
});
