import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { rhythms } from "../../src/generator/rhythm.ts";
import { disorderMs } from "../../src/generator/world.ts";
import { groupBy, parse, startMs, take, text } from "./generated.ts";

const lines = (count: number, options = {}): string =>
  take(count, options)
    .map(({ json }) => `${json}\n`)
    .join("");

test("the same seed gives the same bytes, known by their digest", () => {
  const digest = createHash("sha256")
    .update(lines(1000, { seed: 1 }))
    .digest("hex");
  assert.equal(digest, "acd59a9d35aa49002a6e218ed9fa5f9a3f70882c2bca7dc5f0d62695401b62a1");
});

test("a longer run begins with a shorter one", () => {
  assert.ok(lines(1200).startsWith(lines(700)));
});

test("another seed gives other identities", () => {
  const tokens = (seed: number) =>
    new Set(take(300, { seed }).map((event) => text(parse(event), "behavior.ip_token")));
  const others = tokens(2);
  assert.deepEqual(
    [...tokens(1)].filter((token) => others.has(token)),
    [],
  );
});

test("a start whole weeks later moves times and nothing else that is drawn", () => {
  const strip = (json: string) => json.replaceAll(/"\d{4}-\d\d-\d\d(T[\d:.]+Z)?"/g, "");
  const later = take(500, { startMs: startMs + 86_400_000 * 42 });
  assert.deepEqual(
    later.map(({ json }) => strip(json)),
    take(500).map(({ json }) => strip(json)),
  );
});

test("events come in order of arrival, less than 45 s after their time and out of order in it", () => {
  let arrivedMs = Number.NEGATIVE_INFINITY;
  let newestMs = Number.NEGATIVE_INFINITY;
  let disordered = 0;
  for (const event of take(20_000)) {
    assert.ok(event.arrivalMs >= arrivedMs);
    assert.ok(event.arrivalMs >= event.eventTimeMs && event.arrivalMs - event.eventTimeMs < disorderMs);
    assert.ok(newestMs - event.eventTimeMs < disorderMs);
    assert.ok(event.eventTimeMs >= startMs);
    assert.equal(Date.parse(text(parse(event), "event_time")), event.eventTimeMs);
    if (event.eventTimeMs < newestMs) disordered += 1;
    arrivedMs = event.arrivalMs;
    newestMs = Math.max(newestMs, event.eventTimeMs);
  }
  assert.ok(disordered > 1000, `${disordered} disordered`);
});

test("a small share comes twice, byte for byte", () => {
  const byId = groupBy(take(30_000), (event) => text(parse(event), "event_id"));
  const twice = [...byId.values()].filter((events) => events.length > 1);
  for (const events of twice) {
    assert.equal(events.length, 2);
    assert.equal(events[0]?.json, events[1]?.json);
    assert.equal(events[0]?.eventTimeMs, events[1]?.eventTimeMs);
    assert.equal(events[1]?.truth, undefined);
  }
  assert.ok(twice.length > 60 && twice.length < 200, `${twice.length} twice`);
  assert.equal(new Set(take(3000, { duplicateShare: 0 }).map(({ json }) => json)).size, 3000);
});

for (const ratePerSecond of [0.2, 3, 5000]) {
  test(`at ${ratePerSecond} a second and a flat rhythm the rate holds from the start on, and every step comes`, () => {
    const events = take(20_000, { ratePerSecond, rhythm: rhythms.flat });
    const seconds = (events[events.length - 1]!.arrivalMs - startMs) / 1000;
    // A lag of a second and more delays the first arrivals; ten standard deviations of a Poisson count.
    assert.ok(
      Math.abs(seconds - 20_000 / ratePerSecond) < 3 + (0.07 * 20_000) / ratePerSecond,
      `${seconds} s`,
    );
    for (const half of [events.slice(0, 10_000), events.slice(10_000)]) {
      const types = groupBy(half, (event) => text(parse(event), "event_type"));
      const share = (type: string) => (types.get(type)?.length ?? 0) / half.length;
      assert.ok(Math.abs(share("started") - 0.343) < 0.03);
      assert.ok(Math.abs(share("submitted") - 0.227) < 0.03);
      assert.ok(Math.abs(share("decided") - 0.227) < 0.03);
      assert.ok(Math.abs(share("abandoned") - 0.116) < 0.03);
      assert.ok(Math.abs(share("funded") - 0.087) < 0.03);
    }
  });
}

test("options without sense are refused", () => {
  assert.throws(() => take(1, { seed: 0.5 }), RangeError);
  assert.throws(() => take(1, { ratePerSecond: 0 }), RangeError);
  assert.throws(() => take(1, { startMs: Number.NaN }), RangeError);
});
