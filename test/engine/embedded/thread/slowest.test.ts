import assert from "node:assert/strict";
import { it } from "node:test";
import { slowestOver } from "../../../../src/engine/embedded/thread/slowest.ts";

it("the slowest of a while is forgotten after it", () => {
  let nowMs = 0;
  const slowest = slowestOver(100, () => nowMs);
  assert.equal(slowest.most(), null);
  slowest.note(30);
  nowMs = 60;
  slowest.note(7);
  assert.equal(slowest.most(), 30);
  nowMs = 120;
  assert.equal(slowest.most(), 7);
  nowMs = 160;
  assert.equal(slowest.most(), null);
});
