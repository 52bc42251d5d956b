import assert from "node:assert/strict";
import { test } from "node:test";
import { fingerprint } from "../../src/pipeline/fingerprint.ts";
import { compileFolder } from "./folder.ts";

function fingerprintOf(model: string): string {
  const { pipeline } = compileFolder({ models: { model }, tables: { model: "append" } });
  assert.ok(pipeline);
  return fingerprint(pipeline);
}

const MODEL = "SELECT id, amount FROM rows WHERE amount > 1";

test("a comment or another layout of a model leaves the fingerprint as it was", () => {
  assert.equal(
    fingerprintOf("-- What it is for.\nSELECT\n  id,\n  amount\nFROM rows\nWHERE amount > 1"),
    fingerprintOf(MODEL),
  );
});

test("another condition of a model gives another fingerprint", () => {
  assert.notEqual(fingerprintOf(MODEL.replace("> 1", "> 2")), fingerprintOf(MODEL));
});

test("the key and the topic of the events are no part of the fingerprint", () => {
  const of = (source: string) => {
    const settings = `source: { event_time: time, event_id: id${source} }\noutputs: { all: { tables: { model: append } } }\n`;
    const { pipeline } = compileFolder({ models: { model: MODEL }, settings });
    assert.ok(pipeline);
    return fingerprint(pipeline);
  };
  assert.equal(of(", key: id, topic: events"), of(""));
  assert.equal(of(""), fingerprintOf(MODEL));
});
