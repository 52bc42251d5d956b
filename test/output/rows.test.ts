import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import fc from "fast-check";
import { rowWriter } from "../../src/output/json.ts";
import { compareValues } from "../../src/output/order.ts";
import { arrayOf, BIGINT, BOOLEAN, DOUBLE, STRING, TIMESTAMP } from "../../src/sql/types.ts";

describe("a row in JSON", () => {
  it("drops nulls, writes times in ISO and wide integers exactly", () => {
    const columns = [
      { name: "at", type: TIMESTAMP },
      { name: "gone", type: STRING },
      { name: "total", type: BIGINT },
      { name: "rate", type: DOUBLE },
      { name: "open", type: BOOLEAN },
      { name: "times", type: arrayOf(TIMESTAMP) },
    ];
    const row = [0, null, 2n ** 63n - 1n, 0.1, false, [1, null]];
    assert.equal(
      rowWriter(columns)(row),
      '{"at":"1970-01-01T00:00:00.000Z","total":9223372036854775807,"rate":0.1,"open":false,' +
        '"times":["1970-01-01T00:00:00.001Z",null]}',
    );
  });

  it("writes a struct as an object", () => {
    const type = {
      kind: "struct",
      fields: [
        { name: "x", type: BIGINT },
        { name: "y", type: STRING },
      ],
    } as const;
    assert.equal(rowWriter([{ name: "s", type }])([[1, null]]), '{"s":{"x":1}}');
  });
});

describe("the order of values", () => {
  it("of texts is that of their UTF-8 bytes", () => {
    const text = fc.string({ unit: "binary" }).filter((s) => s.isWellFormed());
    fc.assert(
      fc.property(text, text, (a, b) => {
        assert.equal(Math.sign(compareValues(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
    assert.ok(compareValues("\uffff", "😀") < 0);
  });

  it("puts nulls first, and compares exact integers of both sizes and lists by their elements", () => {
    const ascending = [null, -1, 2n ** 53n, 2n ** 53n + 1n];
    assert.deepEqual(ascending.toReversed().sort(compareValues), ascending);
    assert.ok(compareValues(["a"], ["a", "b"]) < 0);
    assert.ok(compareValues(["a", "c"], ["a", "b"]) > 0);
  });
});
