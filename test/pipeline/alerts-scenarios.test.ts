/** Each default alert is raised by what it is for, in generated applications; without that they raise nothing. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { createGenerator, type GeneratedEvent } from "../../src/generator/generator.ts";
import type { Scenario } from "../../src/generator/scenarios/scenario.ts";
import { scenarios } from "../../src/generator/scenarios/scenarios.ts";
import { loadPipeline } from "../../src/pipeline/load.ts";
import { at, type Json, parse, text } from "../generator/generated.ts";
import type { LogRecord } from "../simulation/simulate.ts";
import { raisedBy, shown } from "./raise-alerts.ts";

const pipeline = loadPipeline(fileURLToPath(new URL("../../pipeline", import.meta.url)));
/** A Tuesday, nine in the morning in US Central time. */
const BY_DAY_MS = Date.UTC(2026, 0, 6, 15);

interface Run {
  readonly seed?: number;
  readonly ratePerSecond?: number;
  readonly scenarios?: readonly Scenario[];
}

function generated(count: number, { seed = 1, ratePerSecond = 3, ...run }: Run = {}): GeneratedEvent[] {
  const options = { seed, startMs: BY_DAY_MS, ratePerSecond, duplicateShare: 0, scenarios: [], ...run };
  return createGenerator(options).take(count).toArray();
}

const logOf = (events: readonly GeneratedEvent[]): LogRecord[] =>
  events.map(({ json }) => ({ text: json, ingestTimeMs: null }));

/** What one alert alone is raised by. */
function raisedOf(name: string, log: readonly LogRecord[]) {
  const alerts = pipeline.alerts.filter((alert) => alert.name === name);
  assert.equal(alerts.length, 1);
  return raisedBy({ ...pipeline, tables: [], alerts }, log);
}

/** One scenario alone, so often that some hours hold it; its size is what it is. */
function often(name: string, share = 0.02): readonly Scenario[] {
  const found = scenarios.filter((scenario) => scenario.name === name);
  assert.equal(found.length, 1);
  return found.map((scenario) => ({ ...scenario, share }));
}

const fraudulent = (events: readonly GeneratedEvent[]): ReadonlySet<string> =>
  new Set(events.flatMap(({ truth }) => (truth?.scenario ? [truth.applicationId] : [])));

describe("raised by a fraud that the generator makes", () => {
  for (const name of ["synthetic_identity", "identity_theft", "device_ring", "bot", "account_takeover"])
    test(`fraud_score by ${name}, and by none of the honest applications beside it`, () => {
      const events = generated(12_000, { scenarios: often(name) });
      const raised = raisedOf("fraud_score", logOf(events));
      assert.ok(raised.length > 0);
      const guilty = fraudulent(events);
      const honest = raised.filter(({ message }) => !guilty.has(applicationOf(message)));
      assert.deepEqual(shown(honest), []);
    });

  test("fraud_ring by a device_ring, and by none of the honest applications beside it", () => {
    const events = generated(12_000, { scenarios: often("device_ring") });
    const raised = raisedOf("fraud_ring", logOf(events));
    assert.ok(raised.length > 0);
    const guilty = fraudulent(events);
    const honest = raised.filter(({ message }) => !guilty.has(applicationOf(message)));
    assert.deepEqual(shown(honest), []);
  });

  test("channel_burst by a channel_attack, while it lasts and not before", () => {
    const events = generated(60_000, { scenarios: often("channel_attack", 0.05) });
    const guilty = fraudulent(events);
    const attacking = events.flatMap(({ json, eventTimeMs }) =>
      guilty.has(text(JSON.parse(json), "application_id")) ? [eventTimeMs] : [],
    );
    const raised = raisedOf("channel_burst", logOf(events));
    assert.ok(raised.length > 0);
    const unfounded = raised.filter(({ eventTimeMs, message }) => {
      const endMs = eventTimeMs ?? 0;
      return (
        !message.startsWith("partner_api:") ||
        !attacking.some((timeMs) => timeMs < endMs && timeMs >= endMs - 300_000)
      );
    });
    assert.deepEqual(shown(unfounded), []);
  });
});

/** The first application that a message names. */
function applicationOf(message: string): string {
  return /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(message)?.[0] ?? "";
}

type Fields = { readonly [name: string]: Json };
const isFields = (value: Json | undefined): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The events with some of a section's fields replaced, where `replace` gives any. */
function changed(
  events: readonly GeneratedEvent[],
  section: string,
  replace: (fields: Fields, event: Json) => Fields,
): LogRecord[] {
  return events.map((generatedEvent) => {
    const event = parse(generatedEvent);
    const fields = at(event, section);
    if (!isFields(event) || !isFields(fields)) return { text: generatedEvent.json, ingestTimeMs: null };
    const replaced = { ...event, [section]: { ...fields, ...replace(fields, event) } };
    return { text: JSON.stringify(replaced), ingestTimeMs: null };
  });
}

const centsOf = (fields: Fields, name: string): number => Math.floor(Number(fields[name]));

describe("raised by what is no fraud, made here of generated applications that raise nothing as they are", () => {
  const cases: Readonly<
    Record<
      string,
      readonly [string, readonly GeneratedEvent[], (log: readonly GeneratedEvent[]) => LogRecord[]]
    >
  > = {
    server_errors: [
      "every answer to the mobile app is 503 for five minutes",
      generated(6_000),
      (events) =>
        changed(events, "technical", (_, event) => {
          const sinceMs = Date.parse(text(event, "event_time")) - BY_DAY_MS;
          const fails = text(event, "channel") === "mobile_app" && sinceMs >= 600_000 && sinceMs < 900_000;
          return fails ? { http_status: 503 } : {};
        }),
    ],
    dti_over_bound: [
      "incomes are a third of what they were, at 90 events a second",
      generated(20_000, { ratePerSecond: 90 }),
      (events) =>
        changed(events, "financial", (fields) =>
          "annual_income_cents" in fields
            ? { annual_income_cents: Math.floor(centsOf(fields, "annual_income_cents") / 3) }
            : {},
        ),
    ],
    high_risk_share: [
      "applicants with the best scores have the file of the worst, at 90 events a second",
      generated(20_000, { ratePerSecond: 90 }),
      (events) =>
        changed(events, "financial", (fields) =>
          Number(fields.credit_score) >= 720
            ? {
                annual_income_cents: Math.floor(centsOf(fields, "annual_income_cents") / 3),
                revolving_utilization: 0.98,
                delinquencies_24m: 4,
                inquiries_6m: 9,
                bankruptcies: 1,
              }
            : {},
        ),
    ],
    drift: [
      "every credit score is 80 points lower",
      generated(6_000),
      (events) =>
        changed(events, "financial", (fields) =>
          "credit_score" in fields ? { credit_score: Math.max(300, Number(fields.credit_score) - 80) } : {},
        ),
    ],
  };
  for (const [name, [cause, events, change]] of Object.entries(cases))
    test(`${name}: ${cause}`, () => {
      assert.deepEqual(shown(raisedOf(name, logOf(events))), []);
      assert.ok(raisedOf(name, change(events)).length > 0);
    });

  test("with the frauds', these are all default alerts", () => {
    assert.deepEqual(
      [...Object.keys(cases), "fraud_score", "fraud_ring", "channel_burst"].toSorted(),
      pipeline.alerts.map(({ name }) => name).toSorted(),
    );
  });
});

test("50,000 generated events of a day without a scenario raise nothing", () => {
  assert.deepEqual(shown(raisedBy(pipeline, logOf(generated(50_000, { seed: 2 })))), []);
});
