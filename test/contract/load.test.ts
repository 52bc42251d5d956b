import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { isAlwaysPresent, rangeOf } from "../../src/contract/guarantees.ts";
import { loadEventSchema } from "../../src/contract/load.ts";
import type { EventSchema } from "../../src/contract/schema.ts";
import { formatDiagnostic } from "../../src/errors.ts";

function load(text: string): EventSchema {
  const { schema, diagnostics } = loadEventSchema(text, "schema.yaml");
  assert.deepEqual(diagnostics.map(formatDiagnostic), []);
  assert.ok(schema);
  return schema;
}

function complaints(text: string): string[] {
  const { schema, diagnostics } = loadEventSchema(text, "schema.yaml");
  assert.equal(schema, null);
  return diagnostics.map(formatDiagnostic);
}

const refuses = (field: string, complaint: RegExp) => {
  const found = complaints(`type: object\nproperties:\n  x: ${field}\n`);
  assert.equal(found.length, 1, found.join("\n"));
  assert.match(found[0] ?? "", complaint);
};

const small = `
type: object
required: [kind, loan]
properties:
  kind: {type: string, enum: [a, b]}
  at: {type: string, format: date-time}
  loan:
    type: object
    required: [cents]
    properties:
      cents: {type: integer, minimum: 0, maximum: 10, x-unit: cents}
      rate: {type: [number, "null"], description: A rate., x-protected: true}
      codes: {type: array, items: {type: string, enum: [p, q]}}
allOf:
  - if: {properties: {kind: {const: b}}, required: [kind]}
    then: {required: [at], properties: {loan: {required: [rate2]}}}
`.replace("rate2", "codes");

test("a schema becomes fields, leaves in declared order and requirements", () => {
  const schema = load(small);
  assert.deepEqual(
    schema.leaves.map(({ path, type, column }) => `${column} ${path} ${type.kind}`),
    ["0 kind string", "1 at timestamp", "2 loan.cents bigint", "3 loan.rate double", "4 loan.codes array"],
  );
  assert.deepEqual(schema.requirements, [
    { when: null, paths: ["kind", "loan", "loan.cents"] },
    { when: { path: "kind", values: ["b"] }, paths: ["at", "loan.codes"] },
  ]);
  assert.equal(schema.leaves[3]?.protected, true);
  assert.deepEqual(schema.leaves[4]?.values, ["p", "q"]);
});

test("ranges and presence follow from the schema", () => {
  const schema = load(small);
  assert.deepEqual(rangeOf(schema.leaves[2]!), { low: 0, high: 10 });
  assert.equal(rangeOf(schema.leaves[1]!)?.high, Date.parse("9999-12-31T23:59:59.999Z"));
  assert.equal(rangeOf(schema.leaves[0]!), null);
  assert.equal(isAlwaysPresent(schema, "loan.cents"), true);
  assert.equal(isAlwaysPresent(schema, "loan.rate"), false);
  assert.equal(isAlwaysPresent(schema, "at"), false);
});

test("a pattern is refused, since regular expressions differ between engines", () => {
  refuses(
    "{type: string, pattern: ^a}",
    /^schema\.yaml:3:\d+: the keyword "pattern" is not read here \[schema\.unsupported\]\. Regular/,
  );
});

test("keywords that are not read are refused with what to write instead", () => {
  refuses(
    "{type: array, items: {type: string}, minItems: 1}",
    /"minItems".*Remove it; read here are: .*items/,
  );
  refuses("{type: number, exclusiveMinimum: 1}", /"exclusiveMinimum".*Use minimum/);
  refuses("{type: integer, enum: [1]}", /"enum"/);
  refuses("{type: object, properties: {}, additionalProperties: false}", /unknown fields are always ignored/);
});

test("a required field that may be null is refused", () => {
  assert.match(
    complaints('type: object\nrequired: [x]\nproperties: {x: {type: [string, "null"]}}\n').join(),
    /^schema\.yaml:2:12: "x" is required and may be null/,
  );
});

test("a required field that is not described is refused", () => {
  assert.match(
    complaints("type: object\nrequired: [y]\nproperties: {x: {type: string}}\n").join(),
    /"y" is required and not/,
  );
});

test("a condition on a field that may be absent is refused", () => {
  const text = `type: object
properties: {k: {type: string}, x: {type: string}}
allOf: [{if: {properties: {k: {const: a}}}, then: {required: [x]}}]
`;
  assert.match(complaints(text).join(), /"k" is not always present/);
});

test("a condition on a value that its field cannot have is refused", () => {
  assert.match(complaints(small.replace("const: b", "const: c")).join(), /"c" is not known here/);
});

test("names that SQL cannot tell apart are refused", () => {
  assert.match(
    complaints("type: object\nproperties: {a: {type: string}, A: {type: string}}\n").join(),
    /upper and lower case only/,
  );
  assert.match(complaints("type: object\nproperties: {a b: {type: string}}\n").join(), /can't be the name/);
});

test("types, formats and bounds that contradict each other are refused", () => {
  refuses("{type: [string, integer]}", /a field has one type/);
  refuses("{type: string, format: email}", /"email" is not known here/);
  refuses("{type: string, format: uuid, maxLength: 3}", /fixes the form already/);
  refuses("{type: integer, minimum: 2, maximum: 1}", /minimum is above/);
  refuses("{type: integer, maximum: 9007199254740992}", /whole number/);
  refuses("{type: integer, x-format: epoch-millis, maximum: 900719925474099}", /years 0001 to 9999/);
  refuses("{type: string, enum: []}", /no value is possible/);
  refuses("{type: string, enum: [a, null]}", /null is no value/);
});

test("several mistakes are reported at once", () => {
  assert.equal(
    complaints("type: object\nproperties: {a: {type: strin}, b: {type: string, pattern: x}}\n").length,
    2,
  );
});

test("the default pipeline's schema is read without a complaint", () => {
  const schema = load(readFileSync(new URL("../../pipeline/schema.yaml", import.meta.url), "utf8"));
  assert.equal(isAlwaysPresent(schema, "event_id"), true);
  assert.equal(
    schema.leaves.every(({ column }, index) => column === index),
    true,
  );
});
