import assert from "node:assert/strict";
import { test } from "node:test";
import { at, groupBy, type Json, parse, startMs, take, text } from "./generated.ts";

const generated = take(40_000, { ratePerSecond: 0.5, duplicateShare: 0 });
const events = generated.map(parse);
const applications = groupBy(events, (event) => text(event, "application_id"));
const ofType = (steps: readonly Json[], type: string) =>
  steps.find((event) => text(event, "event_type") === type);
const timeOf = (event: Json) => Date.parse(text(event, "event_time"));

const orders = [
  "started",
  "started abandoned",
  "started submitted",
  "started submitted decided",
  "started submitted decided funded",
];

test("an application takes its steps in order, each once; of those in flight at the start, the rest", () => {
  const endMs = timeOf(events[events.length - 1]!) - 60_000;
  let inFlight = 0;
  for (const steps of applications.values()) {
    const inTime = steps.toSorted((a, b) => timeOf(a) - timeOf(b));
    if (timeOf(inTime[inTime.length - 1]!) > endMs) continue;
    const order = inTime.map((event) => text(event, "event_type")).join(" ");
    const begun = Date.parse(text(inTime[0]!, "started_at")) < startMs;
    if (begun) inFlight += 1;
    assert.ok(
      orders.some((whole) => (begun ? whole.includes(` ${order}`) : whole === order)),
      order,
    );
  }
  assert.ok(inFlight > 100, `${inFlight} in flight`);
});

test("the times of an application agree with its steps", () => {
  for (const event of events) {
    const type = text(event, "event_type");
    if (type === "started") assert.equal(at(event, "event_time"), at(event, "started_at"));
    if (type === "submitted") assert.equal(at(event, "event_time"), at(event, "submitted_at"));
    if (type === "started" || type === "abandoned") assert.equal(at(event, "submitted_at"), undefined);
    if (type === "decided") assert.equal(at(event, "event_time"), at(event, "decision.decided_at"));
    if (type !== "decided" && type !== "funded") continue;
    const decidedMs = Date.parse(text(event, "decision.decided_at"));
    assert.equal(at(event, "decision.processing_ms"), decidedMs - Date.parse(text(event, "submitted_at")));
  }
});

const snapshot = (event: Json, sections: readonly string[]) =>
  JSON.stringify(sections.map((section) => at(event, section)));
const sections = [
  "loan",
  "behavior",
  "applicant",
  "financial",
  "identity",
  "started_at",
  "submitted_at",
  "channel",
];

test("decided and funded repeat the submitted snapshot, abandoned the started one", () => {
  const repeats: Record<string, string> = { decided: "submitted", funded: "submitted", abandoned: "started" };
  let compared = 0;
  for (const steps of applications.values()) {
    for (const event of steps) {
      const first = ofType(steps, repeats[text(event, "event_type")] ?? "");
      if (first === undefined) continue;
      compared += 1;
      assert.equal(snapshot(event, sections), snapshot(first, sections));
    }
  }
  assert.ok(compared > 10_000);
});

test("funded repeats the decision and adds what was paid out", () => {
  for (const steps of applications.values()) {
    const decided = ofType(steps, "decided");
    const funded = ofType(steps, "funded");
    if (!decided || !funded) continue;
    const { funded_cents, ...decision } = Object(at(funded, "decision"));
    assert.deepEqual(decision, at(decided, "decision"));
    assert.equal(funded_cents, at(decided, "decision.approved_amount_cents"));
    assert.equal(at(decided, "decision.outcome"), "approved");
  }
});

test("reasons are given where the law asks for them, at most four and no two alike", () => {
  for (const event of events.filter((each) => text(each, "event_type") === "decided")) {
    const reasons = at(event, "decision.reasons");
    assert.ok(Array.isArray(reasons));
    const adverse = ["denied", "counteroffer", "incomplete"].includes(text(event, "decision.outcome"));
    assert.equal(reasons.length > 0, adverse);
    assert.ok(reasons.length <= 4 && new Set(reasons).size === reasons.length);
  }
});

test("a person keeps one identity, and no two people share it", () => {
  const submitted = events.filter((event) => text(event, "event_type") === "submitted");
  const people = groupBy(submitted, (event) => text(event, "applicant.applicant_id"));
  for (const own of people.values()) {
    for (const name of ["ssn_token", "phone_token", "date_of_birth", "first_name", "customer_since"]) {
      assert.equal(new Set(own.map((event) => at(event, `applicant.${name}`))).size, 1, name);
    }
  }
  const tokens = new Set(submitted.map((event) => at(event, "applicant.ssn_token")));
  assert.equal(tokens.size, people.size);
  assert.ok(people.size < submitted.length);
});

test("each application has one truth, with its first event", () => {
  const truths = generated.flatMap(({ truth }) => (truth ? [truth.applicationId] : []));
  assert.deepEqual(truths, [...applications.keys()]);
});

test("a device ring is one device and several identities within minutes, and only the truth names it", () => {
  const truths = new Map(
    generated.flatMap(({ truth }) => (truth?.scenario ? [[truth.applicationId, truth.scenario]] : [])),
  );
  const rings = groupBy(
    events.filter(
      (event) => truths.has(text(event, "application_id")) && text(event, "event_type") === "submitted",
    ),
    (event) => text(event, "behavior.device_id"),
  );
  assert.ok(rings.size >= 5);
  const largest = [...rings.values()].toSorted((a, b) => b.length - a.length)[0] ?? [];
  const identities = new Set(largest.map((event) => text(event, "applicant.ssn_token")));
  assert.ok(identities.size >= 5 && identities.size === largest.length);
  const times = largest.map(timeOf);
  assert.ok(Math.max(...times) - Math.min(...times) < 3_600_000);
  for (const { json } of generated) assert.ok(!json.includes("device_ring"));
});
