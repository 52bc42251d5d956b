import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import fc from "fast-check";
import { loadEventSchema } from "../../src/contract/load.ts";
import { recordMask } from "../../src/contract/mask.ts";
import { at, type Json, take } from "../generator/generated.ts";
import { damagedEvent, eventText } from "./random-events.ts";
import { sampleSchema } from "./sample-schema.ts";

function schemaOf(text: string) {
  const { schema } = loadEventSchema(text, "schema.yaml");
  assert.ok(schema);
  return schema;
}

const schema = schemaOf(readFileSync("pipeline/schema.yaml", "utf8"));
const maskOf = recordMask(schema);
const masked = (text: string) => JSON.stringify(maskOf(Buffer.from(text)));

const personal = schema.leaves.filter(({ pii }) => pii !== null).map(({ path }) => path);

function personalValues(json: string): string[] {
  const event: Json = JSON.parse(json);
  return personal
    .map((path) => at(event, path))
    .filter((value) => typeof value === "string")
    .filter(({ length }) => length > 3);
}

const records = take(800, { badShare: 0.3 });
const whole = records.filter(({ bad }) => bad !== "malformed" && bad !== "truncated").map(({ json }) => json);
const people = new Set(whole.flatMap(personalValues));

/** A postal code may stand in a token by chance, so a short value counts as a whole text only. */
const isIn = (value: string, text: string) => text.includes(value.length > 6 ? value : `"${value}"`);

function assertNothingPersonal(text: string): void {
  const found = [...people].filter((value) => isIn(value, text));
  assert.deepEqual(found, []);
}

/** The ways in which a producer's defect puts a personal value where none belongs. */
function misplacements(json: string): string[] {
  const email = /"email":"([^"]+)"/.exec(json)?.[1];
  if (email === undefined) return [];
  return [
    json.replace(/"channel":"\w+"/, `"channel":"${email}"`),
    json.replace(/"amount_cents":\d+/, `"amount_cents":"${email}"`),
    json.replace(/"event_time":"[^"]+"/, `"event_time":"${email}"`),
    json.replace('"applicant":', '"applicants":'),
    json.replace(/"loan":\{/, `"loan":{"${email}":1,`),
    json.replace(/"first_name":"([^"]+)"/, '"first_name":{"$1":["$1"]}'),
    json.replace('{"event_id"', `{"ssn":"${email}","event_id"`),
    json.replace(/"behavior":\{.*?\}/, `"behavior":"${email}"`),
    json.slice(0, json.indexOf(email) + email.length),
    email,
    JSON.stringify(email),
    `["${email}"]`,
  ];
}

describe("a masked record", () => {
  it("has no personal value of any generated record, bad ones included", () => {
    assert.ok(people.size > 1000, `only ${people.size} values`);
    const unmasked = whole.map((json) => JSON.stringify(JSON.parse(json))).join("\n");
    assert.equal([...people].filter((value) => !isIn(value, unmasked)).length, 0);
    assertNothingPersonal(records.map(({ json }) => masked(json)).join("\n"));
  });

  it("has none either where it stands in a field of another kind, as a name, or bare", () => {
    const texts = whole.slice(0, 120).flatMap(misplacements);
    assert.ok(texts.length > 400);
    assertNothingPersonal(texts.map(masked).join("\n"));
  });

  it("keeps all that is not personal", () => {
    const open = schema.leaves.filter(({ pii }) => pii === null);
    for (const { json } of take(200)) {
      const event: Json = JSON.parse(json);
      const shown: Json = JSON.parse(masked(json));
      for (const { path } of open) assert.deepEqual(at(shown, path), at(event, path), path);
    }
  });
});

describe("each treatment", () => {
  const small = recordMask(
    schemaOf(`
type: object
properties:
  name: { type: string, x-pii: mask }
  phone: { type: integer, x-pii: mask }
  card: { type: string, x-pii: token }
  ssn: { type: string, x-pii: drop }
  nicknames: { type: array, items: { type: string }, x-pii: mask }
  kind: { type: string, enum: [a, b] }
  kinds: { type: array, items: { type: string, enum: [a, b] } }
  note: { type: string, maxLength: 3 }
  day: { type: string, format: date }
  size: { type: integer, minimum: 1, maximum: 9 }
  clock: { type: integer, x-format: epoch-millis }
  flag: { type: boolean }
`),
  );
  const shown = (text: string) => small(Buffer.from(text));

  it("fits its field: mask letter by letter, token by its kind, drop not at all", () => {
    assert.deepEqual(
      shown('{"name":"Zoë Q. 7","phone":5551234567,"card":"4111","ssn":"123-45-6789","nicknames":["Zo",1]}'),
      { name: "Xxx X. n", phone: "<number>", card: "<text of 4>", nicknames: ["Xx", "<number>"] },
    );
  });

  it("leaves what fits the schema, and tells the kind of what doesn't", () => {
    assert.deepEqual(
      shown('{"kind":"a","kinds":["b"],"note":"abc","day":"2026-01-31","size":9,"clock":1,"flag":true}'),
      { kind: "a", kinds: ["b"], note: "abc", day: "2026-01-31", size: 9, clock: 1, flag: true },
    );
    assert.deepEqual(
      shown(
        '{"kind":"c","kinds":["b","c"],"note":"abcd","day":"1 May","size":10,"clock":"1","flag":{"x":1}}',
      ),
      {
        kind: "<text of 1>",
        kinds: ["b", "<text of 1>"],
        note: "<text of 4>",
        day: "<text of 5>",
        size: "<number>",
        clock: "<text of 1>",
        flag: "<object>",
      },
    );
  });

  it("hides what the schema doesn't know, and says how much; null is as good as absent", () => {
    assert.deepEqual(shown('{"Jane Doe":1,"kind":null,"social":"123-45-6789"}'), { _hidden_fields: 2 });
  });

  it("tells of a record that is no JSON object its size only", () => {
    for (const text of ["Jane Doe", '"Jane Doe"', '["Jane Doe"]', '{"name":"Jane', "null"])
      assert.equal(shown(text), `${Buffer.byteLength(text)} bytes that are no JSON object`);
    assert.equal(small(Buffer.from([0x7b, 0xff, 0x7d])), "3 bytes that are no JSON object");
  });
});

it("any record can be masked, on one line", () => {
  const mask = recordMask(sampleSchema());
  fc.assert(
    fc.property(
      damagedEvent(eventText(sampleSchema(), { oddValue: 100, leftOut: 100, duplicate: 50 })),
      (record) => {
        assert.doesNotMatch(JSON.stringify(mask(record)), /\n/);
      },
    ),
  );
});
