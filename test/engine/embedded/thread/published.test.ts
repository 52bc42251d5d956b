import assert from "node:assert/strict";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Publication } from "../../../../src/publish/publisher.ts";
import { openStoreReader } from "../../../../src/store/sqlite-reader.ts";
import { STORE_FILE } from "../../../../src/store/sqlite-store.ts";
import { tries } from "../../../tries.ts";
import { type MemoryPublisher, type Moment, memoryPublisher, type Topics } from "./memory-publisher.ts";
import { anyEvent, appended, kill, MINUTE, newPath, plan, type Run, start } from "./small-run.ts";

const records = fc.array(
  fc.oneof({ weight: 9, arbitrary: anyEvent }, { weight: 1, arbitrary: fc.constant("broken") }),
  {
    minLength: 1,
    maxLength: 5,
  },
);
const moments = fc.constantFrom<Moment>("in begin", "in publish", "published");
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ does: fc.constant("append" as const), records }) },
  { weight: 4, arbitrary: fc.record({ does: fc.constant("trigger" as const) }) },
  { weight: 4, arbitrary: fc.record({ does: fc.constant("die" as const), records, moment: moments }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constantFrom("copy" as const, "restore" as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer Of> ? Of : never;

/** A directory, its topics, and the instance that runs on it. */
class Life {
  readonly directory = newPath();
  readonly topics: Topics = { published: null, publications: [] };
  readonly partitions: number;
  copy: string | null = null;
  publisher: MemoryPublisher = memoryPublisher(this.topics);
  run: Run | null = null;

  constructor(partitions: number) {
    this.partitions = partitions;
  }

  async begin(moment: Moment | null = null): Promise<void> {
    this.publisher = memoryPublisher(this.topics);
    this.publisher.dieAt = moment;
    this.run = await start(this.directory, { partitions: this.partitions, publisher: this.publisher });
  }

  async end(): Promise<void> {
    if (this.run) await kill(this.run);
    this.run = null;
  }

  /** A start that dies on the way counts as well. */
  async beginAgain(moment: Moment | null): Promise<void> {
    await this.end();
    if (moment !== null) await this.begin(moment).catch(() => {});
    await this.end();
    await this.begin();
  }

  async take(next: Step): Promise<void> {
    if (next.does === "append") await this.run!.loop.append(appended(next.records));
    else if (next.does === "trigger") await this.run!.tick();
    else if (next.does === "die") {
      this.publisher.dieAt = next.moment;
      await this.run!.loop.append(appended(next.records)).catch(() => {});
      await this.run!.tick();
      await this.beginAgain(next.moment);
    } else if (next.does === "copy") await this.keepCopy();
    else if (this.copy !== null) await this.restore(this.copy);
  }

  async keepCopy(): Promise<void> {
    await this.end();
    this.copy = newPath();
    cpSync(join(this.directory, STORE_FILE), join(this.copy, STORE_FILE));
    await this.begin();
  }

  /** The tables alone: the log is as it is on Kafka. */
  async restore(copy: string): Promise<void> {
    await this.end();
    for (const end of ["", "-wal", "-shm"]) rmSync(join(this.directory, STORE_FILE + end), { force: true });
    cpSync(join(copy, STORE_FILE), join(this.directory, STORE_FILE));
    await this.beginAgain("in publish");
  }
}

const rowsIn = (publications: readonly Publication[], table: string): string[] =>
  publications
    .flatMap(({ tables }) => tables.filter((its) => its.table === table).flatMap(({ rows }) => rows))
    .map((row) => JSON.stringify(row));

const placesOf = (places: readonly { partition: number; position: number }[]): string[] =>
  places.map(({ partition, position }) => `${partition}:${position}`).sort();

/** Of rows in the order in which they left, the last of each key: all columns but the last. */
function lastByKey(rows: readonly string[]): string[] {
  const last = new Map(rows.map((row) => [JSON.stringify(JSON.parse(row).slice(0, -1)), row]));
  return [...last.values()].sort();
}

/** That readers of the topics see what the tables hold. */
function assertEqual({ directory, topics: { publications } }: Life): void {
  const reader = openStoreReader(directory, plan);
  const stored = (table: string) =>
    reader.changes([table], 0, Number.MAX_SAFE_INTEGER).map(({ row }) => JSON.stringify(row));
  assert.deepEqual(rowsIn(publications, "seen").sort(), stored("seen").sort(), "each row once");
  for (const table of ["minutes", "closed"])
    assert.deepEqual(lastByKey(rowsIn(publications, table)), stored(table).sort(), table);
  const every = { limit: Number.MAX_SAFE_INTEGER };
  const late = publications.flatMap((publication) => publication.late);
  assert.deepEqual(placesOf(late), placesOf(reader.lateRecords(every)), "each late record once");
  const dead = publications.flatMap((publication) => publication.dead);
  assert.deepEqual(placesOf(dead), placesOf(reader.deadLetters(every)), "each dead record once");
  const raised = publications.flatMap(({ tables }) =>
    tables
      .filter(({ table }) => table === "alerts" || plan.alerts.some(({ rows }) => rows.name === table))
      .flatMap(({ rows }) => rows.map(([id]) => id)),
  );
  const ids = reader.changes(["alerts"], 0, Number.MAX_SAFE_INTEGER).map(({ row }) => row[0]);
  assert.deepEqual(raised.map(String).sort(), ids.map(String).sort(), "each alert once");
  reader.close();
}

async function live(partitions: number, steps: readonly Step[]): Promise<Life> {
  const life = new Life(partitions);
  await life.begin();
  for (const next of steps) await life.take(next);
  await life.run!.loop.drain();
  assert.deepEqual(life.run!.failures, []);
  return life;
}

describe("what a run publishes", () => {
  it("is what its tables hold, each once, whenever it dies, and whatever copy of them is restored", async () => {
    const steps = fc.array(step, { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(steps, async (its) => assertEqual(await live(1, its))),
      { numRuns: tries(15) },
    );
  });

  it("is so over several partitions, too, whenever it dies", async () => {
    const steps = fc.array(
      step.filter(({ does }) => does !== "restore"),
      { minLength: 1, maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (its) => assertEqual(await live(3, its))),
      { numRuns: tries(12) },
    );
  });

  it("stops though nothing comes, once its publisher finds that it may not go on", async () => {
    const life = new Life(1);
    await life.begin();
    await life.run!.loop.append(appended([{ id: "1", at: MINUTE }]));
    await life.run!.tick();
    life.publisher.dieAt = "in look";
    await life.run!.tick();
    assert.deepEqual(life.run!.failures.map(String), ["Error: killed: in look"]);
    await life.end();
  });

  it("over several partitions takes in again what an older copy lacks, and publishes none of it twice", async () => {
    const life = new Life(2);
    await life.begin();
    const append = async (id: string, at: number): Promise<void> => {
      await life.run!.loop.append(appended([{ id, at }]));
      await life.run!.tick();
    };
    await append("1", MINUTE);
    await life.keepCopy();
    await append("22", 5 * MINUTE);
    await append("2", 5 * MINUTE);
    await append("333", 5 * MINUTE);
    await life.restore(life.copy!);
    await append("44", 6 * MINUTE);
    await life.run!.loop.drain();
    assertEqual(life);
  });
});
