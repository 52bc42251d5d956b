import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { loadEventSchema } from "../../src/contract/load.ts";
import { createScanner } from "../../src/contract/scan.ts";
import type { Field } from "../../src/contract/schema.ts";
import { batchOf } from "../contract/batches.ts";
import { at, parse, startMs, take } from "./generated.ts";

const file = "pipeline/schema.yaml";
const { schema, diagnostics } = loadEventSchema(readFileSync(file, "utf8"), file);
const events = take(20_000);

test("every generated event satisfies the schema", () => {
  assert.deepEqual(diagnostics, []);
  assert.ok(schema);
  const { faults } = createScanner(schema)(batchOf(events.map(({ json }) => json)));
  assert.deepEqual(faults.slice(0, 5), []);
});

test("keys stand in the schema's order, and the schema knows each", () => {
  assert.ok(schema);
  for (const event of events.slice(0, 2000)) assertOrder(Object(parse(event)), schema.fields, "$");
});

function assertOrder(value: Record<string, unknown>, fields: readonly Field[], path: string): void {
  const known = fields.map(({ name }) => name);
  const keys = Object.keys(value);
  assert.deepEqual(
    keys,
    known.filter((name) => keys.includes(name)),
    path,
  );
  for (const field of fields) {
    if (field.kind === "object" && field.name in value)
      assertOrder(Object(value[field.name]), field.fields, `${path}.${field.name}`);
  }
}

test("every field of the schema is filled on some event, but the lender's own segment", () => {
  assert.ok(schema);
  const parsed = events.map(parse);
  const empty = schema.leaves.filter(({ path }) => !parsed.some((event) => at(event, path) !== undefined));
  assert.deepEqual(
    empty.map(({ path }) => path),
    ["applicant.segment"],
  );
});

test("no tax id stands in an event, only tokens of 64 hexadecimal digits", () => {
  for (const { json } of events) {
    assert.ok(!json.includes('"ssn"'));
    assert.doesNotMatch(json, /"\d{3}-?\d{2}-?\d{4}"/);
    for (const [, token] of json.matchAll(/_token":"([^"]*)"/g)) assert.match(token ?? "", /^[0-9a-f]{64}$/);
  }
});

test("addresses, phones and mail hosts are such as belong to nobody", () => {
  for (const event of events.map(parse)) {
    const ip = String(at(event, "behavior.ip"));
    assert.ok(ip.startsWith("2001:db8:") || /^24\d\./.test(ip), ip);
    const email = at(event, "applicant.email");
    if (email === undefined) continue;
    assert.match(String(email), /@(mail\.)?example\.(com|org|net)$/);
    assert.match(String(at(event, "applicant.phone")), /^\+1\d{3}555\d{4}$/);
  }
});

test("applicants are of age", () => {
  for (const event of events.map(parse)) {
    const born = at(event, "applicant.date_of_birth");
    if (born === undefined) continue;
    const years = (startMs - Date.parse(String(born))) / (365.25 * 86_400_000);
    assert.ok(years > 17.99 && years < 90, String(years));
  }
});
