import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { createArrivalQueue } from "../../src/generator/heap.ts";
import {
  createLine,
  createPutTime,
  type Line,
  putDate,
  putFraction,
  putInteger,
  putUuid,
} from "../../src/generator/line.ts";
import { choice, createRandom, standardNormalQuantile } from "../../src/generator/random.ts";
import { createTokeniser } from "../../src/generator/token.ts";

/** What a writer writes. */
function written(write: (line: Line) => void): string {
  const line = createLine(200);
  write(line);
  return Buffer.from(line.bytes.subarray(0, line.at)).toString();
}

test("a token is the HMAC-SHA-256 of its value", () => {
  const keys = fc.uint8Array({ maxLength: 64 });
  const property = fc.property(
    keys,
    fc.array(fc.string({ unit: "binary", maxLength: 900 })),
    (key, values) => {
      const putToken = createTokeniser(key);
      for (const value of values) {
        const bytes = Buffer.from(value);
        assert.equal(
          written((line) => putToken(line, bytes, 0, bytes.length)),
          createHmac("sha256", key).update(value).digest("hex"),
        );
      }
    },
  );
  fc.assert(property, { numRuns: 200 });
});

test("a token's key has a greatest length", () => {
  assert.throws(() => createTokeniser(new Uint8Array(65)), RangeError);
});

test("whole numbers and fractions are written as the platform prints them", () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.integer({ min: 0, max: 9_999_999 }), (whole, tenThousandths) => {
      assert.equal(
        written((line) => putInteger(line, whole)),
        String(whole),
      );
      assert.equal(
        written((line) => putFraction(line, tenThousandths / 10_000)),
        String(tenThousandths / 10_000),
      );
    }),
    { numRuns: 2000 },
  );
});

test("times and dates print as the platform prints them", () => {
  const putTime = createPutTime();
  const times = fc.integer({ min: Date.UTC(1900, 0), max: Date.UTC(2399, 11) });
  fc.assert(
    fc.property(times, (timeMs) => {
      assert.equal(
        written((line) => putTime(line, timeMs)),
        new Date(timeMs).toISOString(),
      );
      const day = Math.floor(timeMs / 86_400_000);
      assert.equal(
        written((line) => putDate(line, day)),
        new Date(timeMs).toISOString().slice(0, 10),
      );
    }),
    { numRuns: 2000 },
  );
});

test("the queue gives back what was put in, by time and then by code", () => {
  const entries = fc.array(fc.tuple(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 2 ** 52 })), {
    maxLength: 3000,
  });
  const property = fc.property(entries, (pairs) => {
    const queue = createArrivalQueue();
    for (const [time, code] of pairs) queue.push(time, code);
    const popped = pairs.map(() => [queue.nextTimeMs(), queue.pop()]);
    assert.deepEqual(
      popped,
      pairs.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]),
    );
    assert.equal(queue.nextTimeMs(), Number.POSITIVE_INFINITY);
  });
  fc.assert(property, { numRuns: 50 });
});

test("a stream is the same whenever it is sought again, and like no other", () => {
  const random = createRandom(11);
  const first = (number: number, branch: number): string => {
    random.seek("device", number, branch);
    return written((line) => putUuid(line, random));
  };
  const seen = new Set<string>();
  for (let number = 0; number < 3000; number += 1) {
    for (const branch of [0, 1, 63, 1000]) seen.add(first(number, branch));
    seen.add(first(number + 2 ** 40, 0));
  }
  assert.equal(seen.size, 15_000);
  assert.equal(first(5, 1), first(5, 1));
});

test("draws have the distribution that they are named after", () => {
  const random = createRandom(2);
  random.seek("details", 1, 0);
  const of = (draw: () => number) => Array.from({ length: 50_000 }, draw);
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  assert.ok(Math.abs(mean(of(random.uniform)) - 0.5) < 0.01);
  assert.ok(Math.abs(mean(of(random.normal))) < 0.02);
  assert.ok(Math.abs(mean(of(random.normal).map((value) => value * value)) - 1) < 0.03);
  assert.ok(Math.abs(mean(of(() => random.exponential(4))) - 4) < 0.1);
  assert.ok(Math.abs(mean(of(() => (random.chance(0.2) ? 1 : 0))) - 0.2) < 0.01);
  const weigh = choice(["a", "b"], (value) => (value === "a" ? 3 : 1));
  assert.ok(Math.abs(mean(of(() => (weigh(random) === "a" ? 1 : 0))) - 0.75) < 0.01);
});

test("normal quantiles are those of the tables", () => {
  for (const [p, x] of [
    [0.5, 0],
    [0.975, 1.959964],
    [0.001, -3.090232],
    [0.9999, 3.719016],
  ] as const) {
    assert.ok(Math.abs(standardNormalQuantile(p) - x) < 1e-6);
  }
});
