import assert from "node:assert/strict";
import { test } from "node:test";
import { onceAtATime } from "../../../src/eventlog/kafka/once-at-a-time.ts";

test("who asks while a question is under way gets an answer to the next, which all who wait share", async () => {
  const answers: PromiseWithResolvers<string>[] = [];
  const ask = onceAtATime(() => {
    const answer = Promise.withResolvers<string>();
    answers.push(answer);
    return answer.promise;
  });
  const first = ask();
  const waiting = [ask(), ask()];
  assert.equal(answers.length, 1);
  answers[0]!.resolve("one");
  assert.equal(await first, "one");
  await new Promise(setImmediate);
  assert.equal(answers.length, 2);
  answers[1]!.reject(new Error("two"));
  for (const each of waiting) await assert.rejects(each, /two/);
  const last = ask();
  answers[2]!.resolve("three");
  assert.equal(await last, "three");
  assert.equal(answers.length, 3);
});
