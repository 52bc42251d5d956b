import assert from "node:assert/strict";
import { it } from "node:test";
import { createScreenMessages } from "../../src/cli/screen-messages.ts";

it("messages that a screen covers are written again once it is left, if they are to be minded", () => {
  const written: string[] = [];
  const messages = createScreenMessages((line) => written.push(line));
  messages.write("before\n", "info");
  messages.cover();
  messages.write("slow\n", "warn");
  messages.write("segment\n", "info");
  messages.write("snapshot\n", "info");
  assert.deepEqual(written, ["before\n"]);
  assert.deepEqual(messages.newest(), ["slow", "segment", "snapshot"]);
  messages.uncover();
  messages.write("after\n", "info");
  assert.deepEqual(written, ["before\n", "slow\n", "after\n"]);
});
