import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { loadEventSchema } from "../../src/contract/load.ts";
import { rawIdentifierIn, rawIdentifierOf, rawIdentifiers } from "../../src/contract/raw-identifiers.ts";
import { type RecordBatch, recordsBetween } from "../../src/engine/batch.ts";

const schemaOf = (fields: string) => {
  const text = `type: object\nproperties:\n  id: { type: string }\n  person:\n    type: object\n    properties:\n${fields}`;
  const { schema, diagnostics } = loadEventSchema(text, "schema.yaml");
  assert.deepEqual(diagnostics, []);
  return schema!;
};

const TOKEN = "      ssn_token: { type: string, maxLength: 64 }\n";

test("the twin of a token is raw, unless the schema knows it, to drop it or to mask it", () => {
  assert.deepEqual(rawIdentifiers(schemaOf(TOKEN)), ["person.ssn"]);
  for (const pii of ["drop", "mask"])
    assert.deepEqual(rawIdentifiers(schemaOf(`${TOKEN}      ssn: { type: string, x-pii: ${pii} }\n`)), []);
  assert.deepEqual(rawIdentifiers(schemaOf("      ssn_token: { type: integer }\n")), []);
  assert.deepEqual(rawIdentifiers(schemaOf("      token: { type: string }\n")), []);
});

test("of the pipeline's own events it is the tax id", () => {
  const { schema } = loadEventSchema(readFileSync("pipeline/schema.yaml", "utf8"), "schema.yaml");
  assert.deepEqual(rawIdentifiers(schema!), ["applicant.ssn"]);
});

function batchOf(texts: readonly string[]): RecordBatch {
  const records = texts.map((text) => Buffer.from(text));
  const offsets = new Uint32Array(records.length + 1);
  for (const [i, record] of records.entries()) offsets[i + 1] = offsets[i]! + record.length;
  const bytes = Buffer.concat(records);
  return { partition: 0, basePosition: 100, count: records.length, bytes, offsets, ingestTimesMs: null };
}

test("only a value at the path itself counts, not its name elsewhere, nor null", () => {
  const find = rawIdentifierIn(["person.ssn"]);
  const texts = [
    '{"ssn":"1"}',
    '{"person":{"ssn":null}}',
    '{"person":{"name":"\\"ssn\\":1"},"of":"ssn"}',
    '{"person":{"of":{"ssn":1},"\\\\u0073sn":1}}',
    '{"person":"ssn","of":{"person":{"ssn":1}}}',
    '{"person":{"name":"\\u0073sn","x_ssn":1,"ssn_":2}}',
    '{"person":[{"ssn":null},1],"ssn" : 1}',
    "broken ssn: 1, 'ssn':1",
    "",
  ];
  assert.equal(find(batchOf(texts)), null);
  const found = find(batchOf([...texts, '{"person":{"ssn":7}}']));
  assert.deepEqual(found, { path: "person.ssn", position: 100 + texts.length });
});

test("however it is written, a value counts: in any case, escaped, doubled, in a list, and in what is no JSON", () => {
  const find = rawIdentifierIn(["person.name", "person.ssn"]);
  const of = rawIdentifierOf(["person.name", "person.ssn"]);
  const texts = [
    '{"person":{"SSN":"1"}}',
    '{"Person" : {"é":1, "sSn"\n:\t[]}}',
    '{"person":{"s\\u0073n":"1"}}',
    '{"\\u0050erson":{"\\u0053\\u0053\\u004E":{}}}',
    '{"person":{"ssn":"1","ssn":null}}',
    '{"person":{"ssn":1},"person":{}}',
    '{"person":[0,{"x":{}},{"a":[1],"ssn":false}]}',
    '{"person":{"ssn":"1"',
    '{"of":{"S\\u0053N" :null,}}',
    '{"person":{"x":"\\\\","ssn":"1\\""}}',
  ];
  for (const text of texts) {
    const found = find(batchOf(["{}", text, "{}"]));
    assert.deepEqual(found, { path: "person.ssn", position: 101 }, text);
    assert.equal(of(Buffer.from(text)), "person.ssn", text);
  }
  assert.equal(of(Buffer.from('{"person":{"ssn":null}}')), null);
});

test("it is found wherever it stands among many records, however long", () => {
  const find = rawIdentifierIn(["ssn"]);
  const fine = fc
    .integer({ min: 0, max: 50_000 })
    .map((length) => `{"é":"${"é\\u0073".repeat(length >> 3)}"}`);
  fc.assert(
    fc.property(fc.array(fine, { maxLength: 6 }), fc.array(fine, { maxLength: 3 }), (before, after) => {
      const found = find(batchOf([...before, '{"ssn":1}', ...after]));
      assert.deepEqual(found, { path: "ssn", position: 100 + before.length });
      assert.equal(find(batchOf([...before, ...after])), null);
    }),
    { numRuns: 30 },
  );
});

test("it finds the first record that parsing each finds, in any part of a batch", () => {
  const find = rawIdentifierIn(["a.b", "c"]);
  const text = fc.constantFrom(
    '{"a":{"b":1}}',
    '{"c":2}',
    '{"a":{"c":3}}',
    '{"b":"c"}',
    '"c"',
    "{}",
    '{"c":null}',
  );
  const carried = new Map([
    ['{"a":{"b":1}}', "a.b"],
    ['{"c":2}', "c"],
  ]);
  fc.assert(
    fc.property(
      fc.array(text, { minLength: 1, maxLength: 12 }),
      fc.nat(12),
      fc.nat(12),
      (texts, one, other) => {
        const from = Math.min(one, other, texts.length - 1);
        const to = Math.min(Math.max(one, other) + 1, texts.length);
        const row = texts.findIndex((each, i) => i >= from && i < to && carried.has(each));
        const expected = row < 0 ? null : { path: carried.get(texts[row]!), position: 100 + row };
        assert.deepEqual(find(recordsBetween(batchOf(texts), 100 + from, 100 + to)), expected);
      },
    ),
  );
});
