import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { namePattern } from "../../src/contract/name-pattern.ts";

test("the pattern of some names matches each of them and nothing else", () => {
  const name = fc.stringMatching(/^[a-c_]{1,4}$/);
  const names = fc.array(name, { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(names, fc.array(name), (listed, others) => {
      const pattern = new RegExp(`^"${namePattern(listed)}"$`);
      for (const text of [...listed, ...others])
        assert.equal(pattern.test(`"${text}"`), listed.includes(text), text);
    }),
  );
});
