import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { catalogue } from "../src/errors.ts";

const rows = readFileSync(new URL("../docs/errors.md", import.meta.url), "utf8")
  .split("\n")
  .map((line) => /^\| `([a-z.-]+)` \| (.+) \| (.+) \|$/.exec(line))
  .filter((match) => match !== null);

test("docs/errors.md lists every code of the catalogue, and no other, in order", () => {
  assert.deepEqual(
    rows.map(([, code]) => code),
    Object.keys(catalogue).sort(),
  );
});

test("each says what it means and what to do, in sentences", () => {
  for (const [, code, meaning, remedy] of rows) {
    assert.match(meaning ?? "", /^[`A-Z].+\.$/, code);
    assert.match(remedy ?? "", /^[`A-Z].+\.$/, code);
  }
});
