import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { keyReader } from "../../src/eventlog/record-key.ts";
import { createRecordLine, createRecordStream } from "../../src/generator/records.ts";
import { textReader } from "../../src/topics/event-record.ts";

function textOf(path: string | null, record: Buffer): string | null {
  const found = keyReader(path)(record);
  return found === null ? null : Buffer.from(found).toString();
}

for (const path of ["application_id", "loan.product", "nothing.such", "nothing"]) {
  test(`${path} of every generated event is what parsing finds`, () => {
    const parsed = textReader(path);
    const stream = createRecordStream({ seed: 5, startMs: Date.UTC(2026, 0, 5), ratePerSecond: 3 });
    const line = createRecordLine();
    for (let row = 0; row < 500; row++) {
      line.at = 0;
      stream.next(line);
      const record = Buffer.from(line.bytes.subarray(0, line.at));
      assert.equal(textOf(path, record), parsed(record));
    }
  });
}

test("of any JSON it is what parsing finds, however it is written", () => {
  const names = fc.constantFrom("a", "b", "c");
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      fc.string({ unit: "binary" }),
      fc.constantFrom('a"b', "\\", "{", '","a":"', ""),
      fc.double(),
      fc.constantFrom(null, true, false),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(names, tie("value"), { maxKeys: 3, noNullPrototype: true }),
    ),
  }));
  const path = fc.array(names, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("."));
  fc.assert(
    fc.property(value, path, fc.constantFrom(0, 1, "\t"), (written, at, space) => {
      const record = Buffer.from(JSON.stringify(written, null, space));
      assert.equal(textOf(at, record), textReader(at)(record));
    }),
    { numRuns: 2000 },
  );
});

test("a record that breaks off behind its key has it, one that breaks off before or within has none", () => {
  const record = Buffer.from('{"id":"4711","loan":{"amo');
  assert.equal(textOf("id", record), "4711");
  assert.equal(textOf("id", record.subarray(0, 9)), null);
  assert.equal(textOf("id", record.subarray(0, 4)), null);
});

test("without a path there is no key", () => {
  assert.equal(textOf(null, Buffer.from('{"id":"4711"}')), null);
});
