import assert from "node:assert/strict";
import { test } from "node:test";
import { keyReader } from "../../src/cli/generate-key.ts";
import { createRecordLine, createRecordStream } from "../../src/generator/records.ts";
import { textReader } from "../../src/topics/event-record.ts";

const textOf = (path: string | null, record: Buffer) => keyReader(path)(record)?.toString() ?? null;

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

test("a record that breaks off behind its key has it, one that breaks off before or within has none", () => {
  const record = Buffer.from('{"id":"4711","loan":{"amo');
  assert.equal(textOf("id", record), "4711");
  assert.equal(textOf("id", record.subarray(0, 9)), null);
  assert.equal(textOf("id", record.subarray(0, 4)), null);
});

test("without a path there is no key", () => {
  assert.equal(textOf(null, Buffer.from('{"id":"4711"}')), null);
});
