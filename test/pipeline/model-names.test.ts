import assert from "node:assert/strict";
import { test } from "node:test";
import { complaintsOf } from "./folder.ts";

const named = (...names: readonly string[]) =>
  complaintsOf({ models: Object.fromEntries(names.map((name) => [name, "SELECT id FROM events"])) });

test("a model can't have the name of a relation that the engines make", () => {
  for (const name of ["events", "raw", "RAW", "_gated", "_anything"])
    assert.deepEqual(named(name), ["pipeline.invalid 1:1"], name);
});

test("two models whose names differ by upper and lower case only are refused", () => {
  assert.deepEqual(named("minutes", "Minutes"), ["pipeline.invalid 1:1"]);
});
