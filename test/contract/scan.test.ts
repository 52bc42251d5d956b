import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import fc from "fast-check";
import { createScanner } from "../../src/contract/scan.ts";
import { batchOf, rowOf } from "./batches.ts";
import { naiveScan } from "./naive-scanner.ts";
import { damagedEvent, eventText } from "./random-events.ts";
import { sampleSchema } from "./sample-schema.ts";

const schema = sampleSchema();
const scan = createScanner(schema);
const column = (path: string) => schema.leaves.findIndex((leaf) => leaf.path === path);

const good =
  '{"id":"0c9b1d2e-0000-4000-8000-00000000abcd","kind":"started","at":"2026-01-31T09:30:00.123Z","loan":{"cents":5}}';
const withField = (member: string) => `${good.slice(0, -1)},${member}}`;
const withLoan = (member: string) => good.replace('"cents":5', `"cents":5,${member}`);

function fieldOf(record: string, path: string): unknown {
  const row = rowOf(scan(batchOf([record])), 0);
  assert.ok(row, `dead: ${record}`);
  return row[column(path)];
}

/** The complaint about a record, as `path: reason`. */
function faultOf(record: string | Uint8Array): string {
  const { faults, dead } = scan(batchOf([record]));
  assert.equal(dead[0], faults.length);
  return faults.map(({ path, reason }) => `${path}: ${reason}`).join();
}

test("an event becomes typed columns, absent fields null", () => {
  assert.deepEqual(rowOf(scan(batchOf([good])), 0), [
    "0c9b1d2e-0000-4000-8000-00000000abcd",
    "started",
    Date.UTC(2026, 0, 31, 9, 30, 0, 123),
    ...new Array(6).fill(null),
    5,
    ...new Array(6).fill(null),
  ]);
});

test("keys are found in any order, with white space and escapes", () => {
  const record = ` { "loan" : {"\\u0063ents" : 7 } ,"at":"2026-01-31T09:30:00.123Z","k\\u0069nd":"st\\u0061rted"\n,"id":"0c9b1d2e-0000-4000-8000-00000000abcd"}\r\n`;
  assert.equal(fieldOf(record, "loan.cents"), 7);
  assert.equal(fieldOf(record, "kind"), "started");
});

test("a wrong kind of value is a fault at its path", () => {
  assert.equal(faultOf(withField('"note":5')), "$.note: expected a text");
  assert.equal(faultOf(withField('"whole":"5"')), "$.whole: expected a whole number");
  assert.equal(faultOf(withField('"whole":1.0')), "$.whole: expected a whole number");
  assert.equal(faultOf(withField('"whole":1e3')), "$.whole: expected a whole number");
  assert.equal(faultOf(withField('"flag":0')), "$.flag: expected true or false");
  assert.equal(faultOf(withLoan('"rate":"1"')), "$.loan.rate: expected a number");
  assert.equal(faultOf(withField('"decision":[]')), "$.decision: expected an object");
  assert.equal(faultOf(withField('"decision":{"reasons":{}}')), "$.decision.reasons: expected an array");
  assert.equal(
    faultOf(withField('"decision":{"reasons":["age",null]}')),
    "$.decision.reasons[1]: expected a text",
  );
});

test("a value outside what the schema allows is a fault that does not repeat it", () => {
  assert.equal(faultOf(withLoan('"rate":1.0000001')), "$.loan.rate: outside -1.5 to 1");
  assert.equal(
    faultOf(withLoan('"any_rate":1e400').replace("1e400", "-1e400")),
    `$.loan.any_rate: outside ${-Number.MAX_VALUE} to ${Number.MAX_VALUE}`,
  );
  assert.equal(
    faultOf(withField('"whole":9007199254740992')),
    "$.whole: outside -9007199254740991 to 9007199254740991",
  );
  assert.equal(faultOf(withField('"note":"abcde"')), "$.note: longer than 4 characters");
  assert.equal(faultOf(good.replace("started", "begun")), "$.kind: none of the values listed in the schema");
  assert.equal(faultOf(good.replace("-8000-", "-8000")), "$.id: not a UUID");
  assert.equal(faultOf(withField('"born":"2023-02-29"')), "$.born: not a date such as 2026-01-31");
  assert.equal(faultOf(good.replace("09:30", "24:00")), "$.at: not a time such as 2026-01-31T09:30:00.000Z");
  assert.equal(
    faultOf(withLoan('"place":{"city":"x","codes":["a","abcd"]}')),
    "$.loan.place.codes[1]: longer than 3 characters",
  );
});

test("lengths count code points", () => {
  assert.equal(fieldOf(withField('"note":"😀😀😀😀"'), "note"), "😀😀😀😀");
  assert.equal(fieldOf(withField('"note":"\\ud83d\\ude00abc"'), "note"), "😀abc");
  assert.equal(faultOf(withField('"note":"😀😀😀😀😀"')), "$.note: longer than 4 characters");
});

test("a missing or null required field is a fault, in an object only where the object is", () => {
  assert.equal(faultOf(good.replace('"cents":5', "")), "$.loan.cents: required here and missing");
  assert.equal(faultOf(good.replace('"cents":5', '"cents":null')), "$.loan.cents: required here and missing");
  assert.equal(faultOf(withLoan('"place":{}')), "$.loan.place.city: required here and missing");
  assert.equal(fieldOf(withLoan('"place":null'), "loan.cents"), 5);
});

test("a field is required by the event's type", () => {
  const decided = good.replace("started", "decided");
  assert.equal(faultOf(decided), "$.decision: required here and missing");
  assert.equal(
    faultOf(`${decided.slice(0, -1)},"decision":{}}`),
    "$.decision.reasons: required here and missing",
  );
  assert.deepEqual(fieldOf(`${decided.slice(0, -1)},"decision":{"reasons":[]}}`, "decision.reasons"), []);
});

test("the last of two equal keys counts, and both must be of the right kind", () => {
  assert.equal(fieldOf(withField('"whole":1,"whole":2'), "whole"), 2);
  assert.equal(fieldOf(withField('"whole":1,"whole":null'), "whole"), null);
  assert.equal(faultOf(withField('"whole":"1","whole":2')), "$.whole: expected a whole number");
  const twice = withLoan('"rate":1').replace(/}$/, ',"loan":{"cents":6}}');
  assert.equal(fieldOf(twice, "loan.cents"), 6);
  assert.equal(fieldOf(twice, "loan.rate"), null);
  assert.equal(faultOf(withField('"loan":null')), "$.loan: required here and missing");
  assert.equal(fieldOf(withField('"born":"x","born":"2026-01-31"'), "born"), "2026-01-31");
  assert.equal(fieldOf(withLoan('"cents":-6,"cents":1'), "loan.cents"), 1);
  assert.equal(faultOf(withLoan('"cents":1,"cents":-6')), "$.loan.cents: outside -5 to 1000000");
  assert.equal(fieldOf(withField('"whole":9223372036854775807,"whole":1'), "whole"), 1);
  assert.match(faultOf(withField('"whole":9223372036854775808,"whole":1')), /^\$\.whole: outside/);
  assert.deepEqual(
    fieldOf(withField('"decision":{"reasons":["x"]},"decision":{"reasons":["age"]}'), "decision.reasons"),
    ["age"],
  );
});

test("unknown fields are ignored, yet checked as JSON", () => {
  assert.equal(fieldOf(withField('"more":{"a":[1,{"b":null}]}'), "loan.cents"), 5);
  assert.equal(faultOf(withField('"more":{"a":[1,]}')), "$: not valid JSON");
  assert.equal(faultOf(withLoan('"more":01')), "$.loan: not valid JSON");
  assert.equal(faultOf(withField('"more":"\\ud800"')), "$: half of a surrogate pair in a text");
  assert.equal(faultOf(withField('"more":"a\tb"')), "$: control character in a text");
  assert.equal(faultOf(withField('"more":"\\x"')), "$: unknown escape in a text");
});

test("a record is at most 16 MiB long", () => {
  const long = (length: number) => withField(`"more":"${"x".repeat(length)}"`);
  assert.equal(fieldOf(long(16 * 2 ** 20 - 10_000), "loan.cents"), 5);
  assert.equal(faultOf(long(16 * 2 ** 20)), "$: longer than 16777216 bytes");
});

test("JSON is nested at most 999 deep, and a number has at most 1000 digits", () => {
  const nested = (depth: number) => withField(`"more":${"[".repeat(depth)}${"]".repeat(depth)}`);
  assert.equal(fieldOf(nested(998), "loan.cents"), 5);
  assert.equal(faultOf(nested(999)), "$: nested deeper than 999");
  assert.equal(fieldOf(withField(`"more":${"9".repeat(1000)}`), "loan.cents"), 5);
  assert.equal(faultOf(withField(`"more":${"9".repeat(1001)}`)), "$: number of more than 1000 digits");
});

test("bytes that are no UTF-8 are a fault", () => {
  for (const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82]]) {
    const [before, after] = withField('"free":"@"').split("@");
    const record = Buffer.concat([Buffer.from(before!), Buffer.from(bytes), Buffer.from(after!)]);
    assert.equal(faultOf(record), "$.free: not valid UTF-8");
  }
  assert.equal(faultOf(`\ufeff${good}`), "$: expected an object");
});

test("a record that ends early is a fault, whatever follows in the batch", () => {
  const cut = ["", "\n"].flatMap((lineEnd) =>
    Array.from({ length: good.length }, (_, length) => good.slice(0, length) + lineEnd),
  );
  const { dead, faults } = scan(batchOf(cut.flatMap((record) => [record, good])));
  assert.deepEqual(
    Array.from(dead),
    cut.flatMap(() => [1, 0]),
  );
  assert.deepEqual(
    faults.filter(({ reason }) => !["the record ends early", "expected an object"].includes(reason)),
    [],
  );
});

test("what is said of a dead record is the same whatever stands behind it", () => {
  const key = Array.from({ length: good.length }, (_, length) => good.slice(0, length));
  const field = key.map((cut) => cut.replace(/^{/, '{"loan":{"rate":1,"cents":"x"},"unknown":{"a":[{}],'));
  const cut = [...key, ...field, withField('"note":'), withField('"decision":'), withField('"unknown":[')];
  const alone = cut.map((record) => scan(batchOf([record])).faults[0]);
  for (const behind of [good, `\n${good}`, '"', "}}}", "\n5}", '"]}}', ""]) {
    const { faults } = scan(batchOf(cut.flatMap((record) => [record, behind])));
    const found = faults.filter(({ row }) => row % 2 === 0).map((fault) => ({ ...fault, row: 0 }));
    assert.deepEqual(found, alone, JSON.stringify(behind));
  }
});

test("text behind the object is a fault, white space is not", () => {
  assert.equal(faultOf(`${good}x`), "$: text after the object");
  assert.equal(faultOf(`${good}{}`), "$: text after the object");
  assert.equal(faultOf(`${good} \t\r\n`), "");
});

test("what is no object is a fault", () => {
  for (const record of ["null", "5", '"x"', "[]", `[${good}]`])
    assert.equal(faultOf(record), "$: expected an object");
  for (const record of ["", "  "]) assert.equal(faultOf(record), "$: the record ends early");
});

test("-0 is 0", () => {
  assert.ok(Object.is(fieldOf(withField('"whole":-0'), "whole"), 0));
  assert.ok(Object.is(fieldOf(withLoan('"rate":-0.0'), "loan.rate"), 0));
  assert.ok(Object.is(fieldOf(withLoan('"rate":-1e-400'), "loan.rate"), 0));
});

const event = eventText(schema, { oddValue: 15, leftOut: 60, duplicate: 0 });

function agree(records: readonly Uint8Array[]): void {
  const batch = scan(batchOf(records));
  for (const [row, record] of records.entries())
    assert.deepEqual(rowOf(batch, row), naiveScan(schema, record), Buffer.from(record).toString());
}

test("random events are read as a naive reader reads them", () => {
  fc.assert(
    fc.property(fc.array(event, { minLength: 1, maxLength: 4 }), (texts) =>
      agree(texts.map((text) => Buffer.from(text))),
    ),
    { numRuns: 500 },
  );
});

test("damaged events are read as a naive reader reads them", () => {
  fc.assert(fc.property(fc.array(damagedEvent(event), { minLength: 1, maxLength: 4 }), agree), {
    numRuns: 1000,
  });
});
