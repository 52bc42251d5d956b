/** The alerts of the default pipeline: each is raised by its own case, none by ordinary applications. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { createGenerator } from "../../src/generator/generator.ts";
import { scenarios } from "../../src/generator/scenarios/scenarios.ts";
import { loadPipeline } from "../../src/pipeline/load.ts";
import type { LogRecord } from "../simulation/simulate.ts";
import { alertCases, eventsOf, ordinaryEvents, PERSONAL } from "./alert-events.ts";
import { raisedBy as raisedIn, shown } from "./raise-alerts.ts";

const pipeline = loadPipeline(fileURLToPath(new URL("../../pipeline", import.meta.url)));
const raisedBy = (log: readonly LogRecord[]) => raisedIn(pipeline, log);

test("there is a case for each alert", () => {
  assert.deepEqual(alertCases.toSorted(), pipeline.alerts.map(({ name }) => name).sort());
});

describe("raised by its case, once a row, and not by one event fewer", () => {
  for (const name of alertCases)
    test(name, () => {
      const raisedOf = (log: readonly LogRecord[]) => raisedBy(log).filter(({ alert }) => alert === name);
      const events = eventsOf(name);
      const raised = raisedOf(events);
      assert.ok(raised.length > 0);
      assert.equal(new Set(raised.map(({ alertId }) => alertId)).size, raised.length);
      assert.deepEqual(raisedOf(events.slice(0, -1)), []);
    });
});

describe("a message says what was found", () => {
  const messages: Readonly<Record<string, RegExp>> = {
    high_risk_share: /^10 of 10 personal applicants with the best credit scores are of high risk \(100%\)$/,
    dti_over_bound:
      /^Half of 20 personal applicants \(super_prime\) owe more than 60% .* the mean is 6\d\.\d%$/,
    fraud_score: /^Application \S{36} \(personal, \$9,000\.00\) has fraud score \d+: \w+, .*; \w+, .*$/,
    fraud_ring: /^4 identities share one device within ten minutes: applications \S{36}(, \S{36}){3}$/,
    channel_burst: /^partner_api: 40 of the hour's 95 applications came in its last five minutes$/,
    server_errors: /^web on ios: 30% of requests failed on the server$/,
    drift: /^risk_score of 300 applicants has shifted from the baseline \(PSI [\d.]+\)$/,
  };
  for (const [name, message] of Object.entries(messages))
    test(name, () => {
      const first = raisedBy(eventsOf(name)).find(({ alert }) => alert === name);
      assert.match(first?.message ?? "", message);
    });
});

test("an alert shows nothing personal", () => {
  const page = JSON.stringify(raisedBy(alertCases.flatMap(eventsOf)));
  for (const value of Object.values(PERSONAL)) assert.ok(!page.includes(value), value);
});

test("ordinary applicants by hand raise nothing", () => {
  assert.deepEqual(shown(raisedBy(ordinaryEvents(299))), []);
});

test("50,000 generated events without fraud raise nothing, though some look like it", () => {
  const options = { seed: 1, startMs: Date.UTC(2026, 0, 5), ratePerSecond: 3, duplicateShare: 0 };
  const log = createGenerator({ ...options, scenarios: scenarios.filter(({ kind }) => kind !== "fraud") })
    .take(50_000)
    .map(({ json }): LogRecord => ({ text: json, ingestTimeMs: null }))
    .toArray();
  assert.deepEqual(shown(raisedBy(log)), []);
});
