import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import fc from "fast-check";
import { openSession } from "../../../../src/engine/embedded/open.ts";
import type { RecordPlace, TableRows } from "../../../../src/engine/engine.ts";
import type { Commit } from "../../../../src/store/store.ts";
import { tries } from "../../../tries.ts";
import { type Event, lineOf } from "../../plans.ts";
import {
  all,
  anyEvent,
  appended,
  committed,
  kill,
  MINUTE,
  newPath,
  plan,
  type Run,
  start,
} from "./small-run.ts";

const PARTITIONS = 3;

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      does: fc.constant("append" as const),
      records: fc.array(anyEvent, { minLength: 1, maxLength: 8 }),
      ingestTimeMs: fc.nat(3),
    }),
  },
  { weight: 3, arbitrary: fc.record({ does: fc.constant("trigger" as const) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constantFrom("die" as const, "die behind" as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer Of> ? Of : never;

/** What a run puts out, in the order of its commits. */
interface Left {
  readonly tables: readonly TableRows[];
  readonly late: readonly RecordPlace[];
  readonly ledger: unknown;
  readonly watermarkMs: number | null;
}

async function take(run: Run, next: Step): Promise<void> {
  if (next.does === "trigger") await run.tick();
  else if (next.does === "append") await run.loop.append(appended(next.records, next.ingestTimeMs));
  else if (next.does === "die behind") {
    run.loseCommits();
    await run.loop.append(appended([{ id: "x", at: MINUTE }])).catch(() => {});
  }
}

/** All that was committed, by runs that die and start again. */
async function lives(steps: readonly Step[], snapshotRecords: number, batchBytes: number) {
  const directory = newPath();
  const settings = { partitions: PARTITIONS, snapshotRecords, batchBytes };
  const commits: Commit[] = [];
  const texts: string[][] = Array.from({ length: PARTITIONS }, () => []);
  const note = (records: readonly Event[]): void => {
    for (const text of records.map(lineOf)) texts[Buffer.from(text).length % PARTITIONS]!.push(text);
  };
  let run = await start(directory, settings);
  for (const next of steps) {
    if (next.does === "append") note(next.records);
    if (next.does === "die behind") note([{ id: "x", at: MINUTE }]);
    await take(run, next);
    if (!next.does.startsWith("die")) continue;
    await kill(run);
    commits.push(...run.commits);
    run = await start(directory, settings);
  }
  await committed(run);
  await run.loop.drain();
  assert.deepEqual(run.failures, []);
  return { directory, commits: [...commits, ...run.commits], texts };
}

/** One session that does what the commits say, without an end. */
function once(commits: readonly Commit[], texts: readonly (readonly string[])[]): Left {
  const session = openSession(plan);
  const positions = texts.map(() => 0);
  const tables: TableRows[] = [];
  const late: RecordPlace[] = [];
  for (const { steps, trigger } of commits) {
    for (const { partition, toPosition, unread } of steps) {
      for (; positions[partition]! < toPosition; positions[partition]! += 1) {
        const basePosition = positions[partition]!;
        const bytes = Buffer.from(texts[partition]![basePosition]!);
        const offsets = Uint32Array.of(0, bytes.length);
        const batch = { partition, basePosition, count: 1, bytes, offsets, ingestTimesMs: null };
        const output = session.step(batch, unread);
        tables.push(...output.rows);
        late.push(...output.late);
      }
    }
    if (trigger) tables.push(...session.trigger(trigger.unread));
  }
  return { tables, late, ledger: session.ledger(), watermarkMs: session.watermarkMs() };
}

const rowsOf = (tables: readonly TableRows[], name: string): readonly unknown[] =>
  tables.filter(({ table }) => table === name).flatMap(({ rows }) => rows);

describe("a run over several partitions", () => {
  it("that is killed and started again puts out what one session does that takes the same steps", async () => {
    const steps = fc.array(step, { minLength: 1, maxLength: 14 });
    await fc.assert(
      fc.asyncProperty(
        steps,
        fc.constantFrom(1, 4, Number.POSITIVE_INFINITY),
        fc.constantFrom(1, 1 << 20),
        async (its, snapshotRecords, batchBytes) => {
          const { commits, texts } = await lives(its, snapshotRecords, batchBytes);
          const expected = once(commits, texts);
          const tables = commits.flatMap((commit) => commit.tables);
          for (const { name } of plan.tables)
            assert.deepEqual(rowsOf(tables, name), rowsOf(expected.tables, name), name);
          assert.deepEqual(
            commits.flatMap(({ late }) => late.map(({ partition, position }) => ({ partition, position }))),
            expected.late,
          );
          const { ledger, watermarkMs } = commits.at(-1)!;
          assert.deepEqual([ledger, watermarkMs], [expected.ledger, expected.watermarkMs]);
          assert.equal(ledger.source.read, texts.flat().length);
        },
      ),
      { numRuns: tries(12) },
    );
  });

  it("takes what came first first, whatever partition it is in, so that one that is behind makes nothing late", async () => {
    const directory = newPath();
    const settings = { partitions: PARTITIONS, batchBytes: 1 };
    const early = await start(directory, settings);
    early.loseCommits();
    const minutes = Array.from({ length: 40 }, (_, minute) => minute);
    for (const minute of minutes)
      await early.loop
        .append(appended([{ id: "x".repeat(minute % PARTITIONS), at: minute * MINUTE }], minute))
        .catch(() => {});
    await kill(early);
    const run = await start(directory, settings);
    await committed(run);
    const { source } = await run.loop.drain();
    assert.deepEqual([source.read, source.late], [minutes.length, 0]);
    assert.deepEqual(all(directory, "SELECT count(*) FROM loanstream_late"), [[0]]);
  });
});
