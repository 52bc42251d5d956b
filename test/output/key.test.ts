import assert from "node:assert/strict";
import { test } from "node:test";
import { keyWriter, messageKeyWriter } from "../../src/output/key.ts";
import { scores, windows } from "../store/small-pipeline.ts";

const at = Date.UTC(2026, 0, 1, 12);

test("a row's key has the key's columns in declared order, times in ISO form, nulls dropped", () => {
  const key = keyWriter(windows);
  assert.equal(key([at, "auto", 3]), '{"window_start":"2026-01-01T12:00:00.000Z","product":"auto"}');
  assert.equal(key([at, null, 3]), '{"window_start":"2026-01-01T12:00:00.000Z"}');
});

test("a message's key names the table before that", () => {
  assert.equal(
    messageKeyWriter(windows)([at, "auto", 3]),
    '{"table":"windows","window_start":"2026-01-01T12:00:00.000Z","product":"auto"}',
  );
  assert.equal(
    messageKeyWriter(scores)(['e"1', 1, 1, true, [], at]),
    '{"table":"scores","event_id":"e\\"1"}',
  );
  assert.equal(messageKeyWriter({ ...scores, key: [] })(["e1", 1, 1, true, [], at]), '{"table":"scores"}');
});
