import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import fc from "fast-check";
import { readMarker, tells, writeMarker } from "../../src/publish/marker.ts";

const positions = fc.array(fc.maxSafeNat());
const plain = { noNullPrototype: true };
const triggers = fc.record({ positions, unread: fc.array(fc.nat(100)) }, plain);
const markers = fc.record(
  {
    storeId: fc.uuid(),
    seq: fc.maxSafeNat(),
    positions,
    triggered: fc.option(triggers),
    instance: fc.uuid(),
  },
  plain,
);

test("a marker is read as it was written", () => {
  fc.assert(
    fc.property(markers, (marker) => {
      assert.deepEqual(readMarker(writeMarker(marker)), marker);
    }),
  );
});

test("what is no marker is refused, whatever it is", () => {
  const marker = { store_id: "s", seq: 1, positions: [1], triggered: null, instance: "i" };
  const wrong = [
    "",
    "null",
    "7",
    "[]",
    "{}",
    JSON.stringify({ ...marker, seq: -1 }),
    JSON.stringify({ ...marker, seq: "1" }),
    JSON.stringify({ ...marker, positions: [1.5] }),
    JSON.stringify({ ...marker, triggered: {} }),
    JSON.stringify({ ...marker, store_id: undefined }),
  ];
  for (const text of wrong) {
    assert.throws(() => readMarker(Buffer.from(text)), /\[publish\.unknown-outputs\]/, text);
  }
  assert.equal(readMarker(Buffer.from(JSON.stringify(marker))).seq, 1);
});

test("a marker tells of a commit once it has a row or a position", () => {
  assert.equal(tells({ seq: 0, positions: [] }), false);
  assert.equal(tells({ seq: 0, positions: [0, 0] }), false);
  assert.equal(tells({ seq: 1, positions: [0, 0] }), true);
  assert.equal(tells({ seq: 0, positions: [0, 1] }), true);
});
