/** A log that loses process, power or room in the midst of anything, against a list of what it acknowledged. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { EventLog } from "../../../src/eventlog/event-log.ts";
import { openSegmentLog } from "../../../src/eventlog/segments/segment-log.ts";
import { segmentReader } from "../../../src/eventlog/segments/segment-reader.ts";
import { append, hasCode, readAll, type StoredRecord } from "../../conformance/event-log.ts";
import { tries } from "../../tries.ts";
import { type SimulatedDirectory, simulatedDirectory } from "./simulated-directory.ts";

type Step =
  | { readonly kind: "append"; readonly appends: readonly (readonly number[])[] }
  | { readonly kind: "release"; readonly fromEnd: number; readonly laterMs: number }
  | { readonly kind: "reopen" }
  | { readonly kind: "stop"; readonly operations: number; readonly power: boolean }
  | { readonly kind: "fill"; readonly bytesLeft: number };

const RETENTION_MS = 1000;
const SETTINGS = { segmentBytes: 80, batchBytes: 40 };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("append" as const),
      appends: fc.array(fc.array(fc.nat(60), { maxLength: 4 }), { minLength: 1, maxLength: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("release" as const),
      fromEnd: fc.nat(5),
      laterMs: fc.nat(3 * RETENTION_MS),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "reopen" as const }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("stop" as const),
      operations: fc.integer({ min: 1, max: 20 }),
      power: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("fill" as const), bytesLeft: fc.nat(200) }),
  },
);

/** What a log must hold, by the records handed to it. */
interface Model {
  /** Acknowledged, or found after a crash: never to be lost. By position, from 0 on. */
  readonly kept: StoredRecord[];
  /** Handed over in order, not acknowledged. */
  readonly open: Omit<StoredRecord, "position">[];
  released: number;
  count: number;
}

interface World {
  readonly disk: SimulatedDirectory;
  readonly model: Model;
  log: EventLog;
  nowMs: number;
  /** Whether the power goes at the next stop, or the process alone. */
  power: boolean;
}

async function openOn(world: Pick<World, "disk" | "nowMs">): Promise<EventLog> {
  const retention = { retentionMs: RETENTION_MS, maxBytes: 1000, nowMs: () => world.nowMs };
  return openSegmentLog(world.disk, { ...SETTINGS, retention });
}

/** Opens what a crash left, also where it stops again and again while it recovers. */
async function recover(world: World, stops: readonly number[]): Promise<void> {
  const { disk, power } = world;
  const start = power ? disk.powerUp : disk.startProcess;
  start();
  for (const operations of stops) {
    disk.stopAfter(operations);
    await openOn(world).catch(() => {});
    start();
  }
  world.log = await openOn(world);
  adopt(world);
  await check(world);
}

/** What was found of the records that weren't acknowledged is there to stay: the first ones of them, or none. */
function adopt({ log, model }: World): void {
  const found = log.end() - model.kept.length;
  assert.ok(found >= 0, `${-found} acknowledged records are lost`);
  assert.ok(found <= model.open.length, "no record comes from nowhere");
  for (const record of model.open.splice(0, found))
    model.kept.push({ position: model.kept.length, ...record });
  model.open.length = 0;
}

async function check({ log, disk, model }: World): Promise<void> {
  const start = log.start();
  assert.ok(start <= model.released, "nothing goes that wasn't released");
  assert.deepEqual(await readAll(log, start), model.kept.slice(start));
  const names = await disk.list();
  assert.equal(names.length % 2, 0, "each segment has both its files");
  assert.ok(!names.some((name) => Number.parseInt(name, 10) < start), "nothing is left of what went");
  const reader = segmentReader(disk);
  assert.equal(await reader.start(), start);
  assert.deepEqual(await readAll(reader, start, model.kept.length), model.kept.slice(start));
}

async function appendAll(world: World, appends: readonly (readonly number[])[]): Promise<void> {
  const { log, model, nowMs } = world;
  const results = appends.map(async (lengths) => {
    const records = lengths.map((length) => ({
      text: `${model.count++} `.padEnd(length, "."),
      ingestTimeMs: nowMs,
    }));
    model.open.push(...records);
    const position = await log.append(
      append(
        records.map(({ text }) => text),
        nowMs,
      ),
    );
    assert.equal(position, model.kept.length);
    for (const record of model.open.splice(0, records.length))
      model.kept.push({ position: model.kept.length, ...record });
  });
  await beside(world, Promise.all(results));
}

/** Another process reads all the while: what it sees is whole and in order. */
async function beside({ disk, model }: World, work: Promise<unknown>): Promise<void> {
  const reader = segmentReader(disk);
  let working = true;
  const done = work.finally(() => {
    working = false;
  });
  done.catch(() => {});
  while (working) {
    const seen = await readAll(reader, await reader.start()).catch((error) => {
      if (!hasCode("log.position-gone")(error)) throw error;
      return [];
    });
    const all = [
      ...model.kept,
      ...model.open.map((record, i) => ({ position: model.kept.length + i, ...record })),
    ];
    const first = seen[0]?.position ?? 0;
    assert.deepEqual(seen, all.slice(first, first + seen.length));
  }
  await done;
}

async function take(world: World, step: Step): Promise<void> {
  const { disk, model } = world;
  if (step.kind === "append") return appendAll(world, step.appends);
  if (step.kind === "stop") {
    world.power = step.power;
    return disk.stopAfter(step.operations);
  }
  if (step.kind === "fill") return disk.fillUpTo(step.bytesLeft);
  if (step.kind === "release") {
    world.nowMs += step.laterMs;
    const position = Math.max(0, model.kept.length - step.fromEnd);
    model.released = Math.max(model.released, position);
    return beside(world, world.log.release(position));
  }
  await world.log.close();
  world.log = await openOn(world);
  adopt(world);
}

/** After what must not fail but by a stop or for want of room: starts again, with room. */
async function mend(world: World, error: unknown, stops: readonly number[]): Promise<"crash" | "full"> {
  const { disk } = world;
  if (error instanceof assert.AssertionError) throw error;
  if (disk.isDown()) {
    disk.fillUpTo(Infinity);
    await recover(world, stops);
    return "crash";
  }
  if (!hasCode("log.disk-full")(error)) throw error;
  await assert.rejects(world.log.append(append(["more"])), hasCode("log.disk-full"));
  await world.log.close();
  disk.fillUpTo(Infinity);
  world.power = false;
  await recover(world, []);
  return "full";
}

describe("a log that may be killed, lose power or room at any moment", () => {
  it("keeps every acknowledged record, its position, time and order, and of others at most the first ones", async () => {
    const seen = { crash: 0, full: 0, deleted: 0 };
    const sequences = fc.array(step, { maxLength: 30, size: "max" });
    const stops = fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(sequences, stops, fc.integer(), async (sequence, stopsInRecovery, seed) => {
        const disk = simulatedDirectory(seed);
        const start = { disk, nowMs: 1_000_000, power: true };
        const model = { kept: [], open: [], released: 0, count: 0 };
        const world: World = { ...start, log: await openOn(start), model };
        for (const next of sequence) {
          try {
            await take(world, next);
            await check(world);
          } catch (error) {
            seen[await mend(world, error, stopsInRecovery)]++;
          }
        }
        seen.deleted += world.log.start();
      }),
      { numRuns: tries(120) },
    );
    const enough = seen.crash > tries(60) && seen.full > tries(5) && seen.deleted > tries(200);
    assert.ok(enough, JSON.stringify(seen));
  });
});
