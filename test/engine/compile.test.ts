import assert from "node:assert/strict";
import { test } from "node:test";
import { compile } from "../../src/engine/embedded/compile.ts";
import { bigint } from "../../src/sql/build.ts";
import { call, lookup } from "../../src/sql/catalogue/catalogue.ts";
import { col, count, events, explode, groupBy, pipeline, project, table, where } from "./plans.ts";

const occurrences = (text: string, part: string) => text.split(part).length - 1;
const scaled = call("*", [col(events, "small"), bigint(424_242)]);
const big = call(">", [scaled, bigint(777)]);

test("what several tables compute stands in the program once", () => {
  const tables = [
    table("one", "append", project(where(events, big), { scaled })),
    table("two", "append", project(where(events, big), { twice: call("+", [scaled, scaled]) })),
  ];
  const { text } = compile(pipeline(tables), lookup);
  assert.equal(occurrences(text, "424242"), 1);
  assert.equal(occurrences(text, "777"), 1);
});

test("the text of a chain of columns that each use the one before twice stays short", () => {
  let chain = project(events, { v: col(events, "x") });
  for (let link = 0; link < 60; link += 1) {
    chain = project(chain, {
      v: call("/", [col(chain, "v"), call("+", [col(chain, "v"), col(chain, "v")])]),
    });
  }
  const { text } = compile(pipeline([table("t", "append", chain)]), lookup);
  assert.ok(text.length < 60 * 1000, `${text.length} characters`);
});

test("tables over the same keys share one dictionary of groups", () => {
  const pairs = explode(events, ["value"], [[col(events, "key")], [col(events, "kind")]]);
  const keyed = (sizeMs: number) =>
    groupBy(pairs, { sizeMs, keys: { value: col(pairs, "value") }, aggregates: { n: count() } });
  const other = groupBy(events, {
    sizeMs: 1000,
    keys: { key: col(events, "key") },
    aggregates: { n: count() },
  });
  const tables = [
    table("a", "final", keyed(1000)),
    table("b", "final", keyed(2000)),
    table("c", "final", other),
  ];
  assert.equal(compile(pipeline(tables), lookup).dictionaries.length, 2);
});
