import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { loadEventSchema } from "../../src/contract/load.ts";
import { createScanner } from "../../src/contract/scan.ts";
import { badKinds } from "../../src/generator/truth.ts";
import { batchOf } from "../contract/batches.ts";
import { groupBy, take } from "./generated.ts";

const share = 0.06;
const delayMs = 60_000;
const hourMs = 3_600_000;
const records = take(30_000, { badShare: share, duplicateShare: 0 });
const byKind = groupBy(records, ({ bad }) => bad ?? "good");
const of = (kind: string) => byKind.get(kind) ?? [];

const file = "pipeline/schema.yaml";
const { schema } = loadEventSchema(readFileSync(file, "utf8"), file);
assert.ok(schema);
const scan = createScanner(schema);
const deadAmong = (texts: readonly string[]) => scan(batchOf(texts)).faults.length;
const timeOf = (json: string) => Date.parse(/"event_time":"([^"]*)"/.exec(json)?.[1] ?? "");

test("bad records have their share, each kind the same", () => {
  for (const kind of badKinds) {
    const found = of(kind).length / records.length;
    assert.ok(Math.abs(found - share / badKinds.length) < 0.003, `${kind}: ${found}`);
  }
});

test("without the bad ones, the stream is what it would have been", () => {
  const good = of("good").map(({ json }) => json);
  assert.deepEqual(
    good,
    take(good.length, { duplicateShare: 0 }).map(({ json }) => json),
  );
});

for (const kind of ["malformed", "truncated", "wrong_type"]) {
  test(`every ${kind} record is dead`, () => {
    const texts = of(kind).map(({ json }) => json);
    const alive = texts.filter((text) => deadAmong([text]) === 0);
    assert.deepEqual(alive, []);
  });
}

test("every good, duplicate, late and far-future record satisfies the schema", () => {
  for (const kind of ["good", "duplicate", "late", "far_future"])
    assert.equal(deadAmong(of(kind).map(({ json }) => json)), 0, kind);
});

test("a duplicate is the bytes of an event before it", () => {
  const seen = new Set<string>();
  for (const { json, bad } of records) {
    if (bad === "malformed" || bad === "truncated") continue;
    assert.equal(seen.has(json), bad === "duplicate");
    seen.add(json);
  }
});

test("late is beyond the delay of what came before, and far in the future by hours; both have new ids", () => {
  const ids = new Set<string>();
  let newestMs = Number.NEGATIVE_INFINITY;
  for (const { json, bad, eventTimeMs, arrivalMs } of records) {
    const id = json.slice(13, 49);
    if (bad === undefined) newestMs = Math.max(newestMs, eventTimeMs);
    if (bad === "late") assert.ok(timeOf(json) <= newestMs - delayMs);
    if (bad === "far_future") assert.ok(timeOf(json) > arrivalMs + 2 * hourMs);
    if (bad === "late" || bad === "far_future") assert.ok(!ids.has(id));
    ids.add(id);
  }
});

test("kinds can be chosen", () => {
  const kinds = new Set(
    take(2_000, { badShare: 0.3, badKinds: ["late"], duplicateShare: 0 }).map(({ bad }) => bad),
  );
  assert.deepEqual([...kinds].toSorted(), ["late", undefined]);
});

test("what arrives twice anyhow is called a duplicate", () => {
  const seen = new Set<string>();
  for (const { json, bad } of take(5_000, { duplicateShare: 0.1 })) {
    assert.equal(bad, seen.has(json) ? "duplicate" : undefined);
    seen.add(json);
  }
});
