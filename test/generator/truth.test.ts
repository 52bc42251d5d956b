import assert from "node:assert/strict";
import { test } from "node:test";
import { createRandom } from "../../src/generator/random.ts";
import { SCENARIOS_VERSION, scenarios } from "../../src/generator/scenarios/scenarios.ts";
import { badRecordJson, truthJson } from "../../src/generator/truth.ts";
import { at, groupBy, type Json, parse, take, text } from "./generated.ts";

const generated = take(120_000, { ratePerSecond: 2, duplicateShare: 0 });
const truths = new Map(generated.flatMap(({ truth }) => (truth ? [[truth.applicationId, truth]] : [])));
const submitted = generated.map(parse).filter((event) => text(event, "event_type") === "submitted");
const labelOf = (event: Json) => {
  const truth = truths.get(text(event, "application_id"));
  return truth?.scenario ?? truth?.hardNegative ?? "ordinary";
};
const byLabel = groupBy(submitted, labelOf);
const of = (name: string) => byLabel.get(name) ?? [];
const shareOf = (events: readonly Json[], holds: (event: Json) => boolean) =>
  events.filter(holds).length / events.length;
const number = (event: Json, path: string) => Number(at(event, path));

test("every scenario is met, and named by the truth alone", () => {
  const names = scenarios.map(({ name }) => name);
  // An attack comes about twice a week.
  for (const name of names.filter((one) => one !== "channel_attack"))
    assert.ok(of(name).length >= 15, `${name}: ${of(name).length}`);
  // A way to live is called family too.
  const named = new RegExp(`"(?:${names.filter((name) => name !== "family").join("|")})`);
  assert.deepEqual(
    generated.filter(({ json }) => named.test(json)),
    [],
  );
});

test("fraud is 0.85 to 1.5 % of applications", () => {
  const fraud = [...truths.values()].filter(({ scenario }) => scenario !== null).length / truths.size;
  assert.ok(fraud > 0.0085 && fraud < 0.015, `${fraud}`);
});

test("a restricted world has the scenarios that it names, and no others", () => {
  const only = scenarios.filter(({ name }) => name === "bot" || name === "family");
  const found = take(30_000, { scenarios: only }).flatMap(({ truth }) =>
    truth ? [truth.scenario ?? truth.hardNegative] : [],
  );
  assert.deepEqual([...new Set(found)].toSorted(), ["bot", "family", null]);
  assert.ok(take(5_000, { scenarios: [] }).every(({ truth }) => !truth?.scenario && !truth?.hardNegative));
});

/** Size of the largest set of events that share a value, and how many others it has of another. */
function largest(events: readonly Json[], shared: string, counted: string): number {
  const groups = [...groupBy(events, (event) => text(event, shared)).values()];
  return Math.max(...groups.map((group) => new Set(group.map((event) => text(event, counted))).size));
}

test("each fraud shows the signs that it is known for", () => {
  assert.ok(
    shareOf(of("synthetic_identity"), (event) => !(number(event, "financial.oldest_account_months") > 18)) ===
      1,
  );
  assert.ok(
    shareOf(of("synthetic_identity"), (event) => number(event, "identity.email_age_days") < 90) === 1,
  );
  assert.ok(of("identity_theft").every((event) => number(event, "financial.credit_score") >= 725));
  assert.ok(of("identity_theft").every((event) => number(event, "behavior.ip_distance_km") >= 400));
  assert.ok(largest(of("device_ring"), "behavior.device_id", "applicant.ssn_token") >= 5);
  assert.ok(largest(of("ip_farm"), "behavior.ip_token", "behavior.device_id") >= 8);
  assert.ok(largest(of("loan_stacking"), "applicant.ssn_token", "application_id") >= 3);
  assert.ok(of("loan_stacking").every((event) => number(event, "financial.inquiries_7d") >= 4));
  assert.ok(of("bot").every((event) => number(event, "behavior.form_s") < 13));
  assert.ok(of("bot").every((event) => number(event, "behavior.field_corrections") === 0));
  assert.ok(
    of("income_inflation").every((event) => number(event, "financial.annual_income_cents") % 500_000 === 0),
  );
  assert.ok(of("income_inflation").every((event) => at(event, "financial.income_verified") === false));
  assert.ok(of("account_takeover").every((event) => number(event, "applicant.contact_changed_days") < 8));
  assert.ok(of("account_takeover").every((event) => at(event, "applicant.customer_since") !== undefined));
});

test("a channel attack is a burst of one channel within minutes", () => {
  const [attack] = scenarios.filter(({ name }) => name === "channel_attack");
  assert.ok(attack);
  const events = take(40_000, { scenarios: [{ ...attack, share: 0.05 }], duplicateShare: 0 });
  const attacking = new Set(
    events.flatMap(({ truth }) => (truth?.scenario === "channel_attack" ? [truth.applicationId] : [])),
  );
  const starts = events
    .map(parse)
    .filter(
      (event) => attacking.has(text(event, "application_id")) && text(event, "event_type") === "submitted",
    );
  const [first] = starts;
  assert.ok(first);
  const burst = starts.filter(
    (event) =>
      text(event, "channel") === text(first, "channel") &&
      Date.parse(text(event, "started_at")) - Date.parse(text(first, "started_at")) < 300_000,
  );
  assert.ok(burst.length >= 300, `${burst.length} within five minutes`);
});

test("each hard negative looks like a fraud in one way", () => {
  assert.ok(largest(of("family"), "behavior.ip_token", "applicant.ssn_token") >= 2);
  const names = groupBy(of("family"), (event) => text(event, "behavior.ip_token"));
  for (const family of names.values())
    assert.equal(new Set(family.map((event) => text(event, "applicant.last_name"))).size, 1);
  assert.ok(largest(of("campus"), "behavior.ip_token", "behavior.device_id") >= 5);
  assert.ok(largest(of("branch_terminal"), "behavior.device_id", "applicant.ssn_token") >= 6);
  assert.ok(of("traveller").every((event) => number(event, "behavior.ip_distance_km") >= 400));
  assert.ok(of("password_manager").every((event) => number(event, "behavior.pasted_fields") >= 5));
  assert.ok(of("new_immigrant").every((event) => at(event, "applicant.tax_id_type") === "ITIN"));
});

test("defaults follow their probability", () => {
  const all = [...truths.values()];
  const expected = all.reduce((sum, { defaultProbability }) => sum + defaultProbability, 0);
  const found = all.filter(({ defaults }) => defaults).length;
  assert.ok(Math.abs(found - expected) < 5 * Math.sqrt(expected), `${found}, expected ${expected}`);
});

test("truths are lines of JSON with the version of the scenarios", () => {
  const [first] = truths.values();
  assert.ok(first);
  const line: Record<string, unknown> = JSON.parse(truthJson(first));
  assert.deepEqual(Object.keys(line), [
    "application_id",
    "scenario",
    "hard_negative",
    "default_probability_12m",
    "default_12m",
    "scenarios_version",
  ]);
  assert.deepEqual(JSON.parse(badRecordJson(7, "late")), {
    position: 7,
    bad: "late",
    scenarios_version: SCENARIOS_VERSION,
  });
});

test("a stream of its own decides a default, whatever was drawn before", () => {
  const random = createRandom(1);
  random.seek("outlook", 3, 0);
  const first = random.uniform();
  random.normal();
  random.seek("outlook", 3, 0);
  assert.equal(random.uniform(), first);
});
