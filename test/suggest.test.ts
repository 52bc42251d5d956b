import assert from "node:assert/strict";
import { test } from "node:test";
import { suggest } from "../src/suggest.ts";

test("a list of names that is cut says how many more there are", () => {
  const names = Array.from({ length: 14 }, (_, i) => `column${i}`);
  assert.equal(suggest("x", names), `Use one of: ${names.slice(0, 12).join(", ")}, and 2 more`);
  assert.equal(suggest("x", names.slice(0, 12)), `Use one of: ${names.slice(0, 12).join(", ")}`);
});
