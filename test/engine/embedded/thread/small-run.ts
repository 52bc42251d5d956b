/** A small pipeline, and loops over real files whose timer ticks when a test says so. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after } from "node:test";
import fc from "fast-check";
import { recordsBetween } from "../../../../src/engine/batch.ts";
import { type EngineLoop, openLoop } from "../../../../src/engine/embedded/thread/loop.ts";
import type { OpenOutbox } from "../../../../src/engine/embedded/thread/reconcile.ts";
import type { Timers } from "../../../../src/engine/embedded/thread/timers.ts";
import { type ErrorCode, LoanstreamError } from "../../../../src/errors.ts";
import type { Append, EventLog } from "../../../../src/eventlog/event-log.ts";
import { EMBEDDED, onePartition } from "../../../../src/eventlog/one-partition.ts";
import { type Positions, reaches } from "../../../../src/eventlog/positions.ts";
import { nodeDirectory } from "../../../../src/eventlog/segments/segment-file.ts";
import { openSegmentLog } from "../../../../src/eventlog/segments/segment-log.ts";
import { createLogger, parseLogLevels } from "../../../../src/log.ts";
import { loadAlerts } from "../../../../src/pipeline/alerts.ts";
import type { Pipeline } from "../../../../src/pipeline/pipeline.ts";
import { publishesNothing } from "../../../../src/publish/nothing.ts";
import type { Publisher } from "../../../../src/publish/publisher.ts";
import { openStoreReader } from "../../../../src/store/sqlite-reader.ts";
import { openStore, STORE_FILE, storeOver } from "../../../../src/store/sqlite-store.ts";
import type { Commit, Store } from "../../../../src/store/store.ts";
import { col, count, type Event, events, groupBy, lineOf, pipeline, project, table } from "../../plans.ts";
import { severalLogs } from "./several-logs.ts";

const scratch = mkdtempSync(join(tmpdir(), "loanstream-loop-"));
after(() => rmSync(scratch, { recursive: true }));
export const newPath = () => mkdtempSync(join(scratch, "data-"));

export const MINUTE = 60_000;

/** Of few ids, so that some come again, within eight minutes. */
export const anyEvent: fc.Arbitrary<Event> = fc.record({
  id: fc.stringMatching(/^[a-d]{1,3}$/),
  at: fc.integer({ min: 0, max: 8 * MINUTE }),
  kind: fc.constantFrom<"a" | "b">("a", "b"),
  n: fc.integer({ min: 0, max: 5 }),
});
const seen = table("seen", "append", project(events, { id: col(events, "id"), n: col(events, "n") }));
const perMinute = groupBy(events, {
  sizeMs: MINUTE,
  keys: { kind: col(events, "kind") },
  aggregates: { events: count() },
});
const minutes = { ...table("minutes", "update", perMinute), key: ["window_start", "window_end", "kind"] };
const closed = { ...minutes, ...{ name: "closed", emit: "final" as const } };
const tables = [{ ...seen, key: ["id"] }, minutes, closed];
const { alerts } = loadAlerts(
  {
    path: "alerts.yaml",
    text: `
large: { table: seen, when: "n > 3", severity: info, message: "{id}" }
several: { table: minutes, when: "events >= 2", severity: warning, message: "{kind} {events}" }
just_two: { table: minutes, when: "events = 2", severity: warning, message: "{kind} {events}" }
`,
  },
  tables,
  [],
);
export const plan: Pipeline = { ...pipeline(tables), alerts };

const logger = createLogger("engine", {
  levels: parseLogLevels("silent"),
  terminal: false,
  nowMs: () => 0,
  write: () => {},
});

/** A loop over real files, whose timer ticks when the test says so. */
export interface Run {
  readonly loop: EngineLoop;
  /** Its first partition. */
  readonly log: EventLog;
  /** Where the partitions of its log end. */
  readonly ends: () => Positions;
  readonly store: Store;
  readonly failures: unknown[];
  /** What was committed since the start, in order. */
  readonly commits: readonly Commit[];
  /** Resolves once the trigger is committed, unless the run is dead. */
  tick(): Promise<void>;
  /** From now on every commit and every note of a retry fails, as if the process had been killed before it. */
  loseCommits(): void;
  /** Lets the files go; what fails because of that is no failure. */
  die(): Promise<void>;
}

export interface RunSettings {
  readonly pipeline?: Pipeline;
  /** A snapshot after so many. Default: 1. */
  readonly snapshotRecords?: number;
  /** A snapshot after so much time. Default: never. */
  readonly snapshotIntervalMs?: number;
  /** How many pages the store's file may grow by. Default: any number. */
  readonly room?: number;
  /** How far the clock has gone on when the loop has slept. Default: as long as it wanted to. */
  readonly sleptMs?: number;
  /** Most bytes that the log keeps though nothing needs them. Default: all. */
  readonly logBytes?: number;
  /** Default: one that does nothing. */
  readonly publisher?: Publisher;
  /** Of its log; at most three. Default: one. */
  readonly partitions?: number;
  /** Most bytes of a batch that is read, unless one record is longer. Default: all. */
  readonly batchBytes?: number;
  /** Of its one partition, what stands from there on can't be read, as behind another's open transaction. Default: all can. */
  readonly heldFrom?: () => number;
}

export async function start(directory: string, settings: RunSettings = {}): Promise<Run> {
  const { pipeline: its = plan, snapshotRecords = 1, batchBytes = 1 << 20, room, sleptMs } = settings;
  const { snapshotIntervalMs = Number.POSITIVE_INFINITY } = settings;
  const real = room === undefined ? openStore(directory, its) : narrowStore(directory, its, room);
  const retention = {
    retentionMs: Number.POSITIVE_INFINITY,
    maxBytes: settings.logBytes ?? null,
    nowMs: () => 0,
  };
  const logs: EventLog[] = [];
  for (const folder of ["log", "log-1", "log-2"].slice(0, settings.partitions ?? 1))
    logs.push(await openSegmentLog(await nodeDirectory(join(directory, folder)), { batchBytes, retention }));
  const log =
    logs.length === 1 ? onePartition(held(logs[0]!, settings.heldFrom), EMBEDDED) : severalLogs(logs);
  const failures: unknown[] = [];
  const commits: Commit[] = [];
  let isLost = false;
  let triggers = 0;
  let nowMs = 0;
  let tick = (): void => {};
  const store: Store = {
    ...real,
    commit(commit) {
      if (isLost) throw new Error("killed");
      const written = real.commit(commit);
      commits.push(commit);
      return written;
    },
    retries: {
      ...real.retries,
      settle(settled) {
        if (isLost) throw new Error("killed");
        real.retries.settle(settled);
      },
    },
  };
  const timers: Timers = {
    nowMs: () => nowMs,
    every: (_intervalMs, work) => {
      tick = work;
      return () => {
        tick = () => {};
      };
    },
    sleep: (delayMs) => {
      nowMs += sleptMs ?? delayMs;
      return new Promise((resolve) => setImmediate(resolve));
    },
  };
  const snapshots = { records: snapshotRecords, intervalMs: snapshotIntervalMs };
  let isDead = false;
  const onFailure = (error: unknown): void => {
    if (!isDead) failures.push(error);
  };
  const die = async (): Promise<void> => {
    isDead = true;
    await log.close();
    store.close();
  };
  try {
    const loop = await openLoop({
      pipeline: its,
      log,
      store,
      openPublisher: async () => settings.publisher ?? publishesNothing,
      openOutbox: settings.publisher ? () => outboxOf(directory, its) : null,
      timers,
      snapshots,
      logger,
      onLag: () => {},
      onTrigger: () => {
        triggers += 1;
      },
      onFailure,
    });
    const ticked = async () => {
      const before = triggers;
      tick();
      await until(() => isDead || triggers > before || failures.length > 0);
    };
    const ends = () => log.partitions.map((partition) => partition.end());
    const loseCommits = () => {
      isLost = true;
    };
    return { loop, log: logs[0]!, ends, store, failures, commits, tick: ticked, loseCommits, die };
  } catch (error) {
    await die();
    throw error;
  }
}

function held(log: EventLog, from = () => Number.POSITIVE_INFINITY): EventLog {
  return {
    ...log,
    end: () => Math.min(log.end(), from()),
    settled: async () => log.end() <= from(),
    async *read(fromPosition) {
      for await (const batch of log.read(fromPosition)) {
        if (batch.basePosition >= from()) return;
        yield recordsBetween(batch, batch.basePosition, from());
      }
    },
  };
}

function outboxOf(directory: string, its: Pipeline): OpenOutbox {
  const reader = openStoreReader(directory, its);
  return { pipeline: its, store: reader, close: reader.close };
}

/** A store whose disk is full when its file has grown by so many pages. */
function narrowStore(directory: string, its: Pipeline, room: number): Store {
  openStore(directory, its).close();
  const file = join(directory, STORE_FILE);
  const database = new DatabaseSync(file);
  const pages = Number(database.prepare("PRAGMA page_count").get()?.page_count);
  database.exec(`PRAGMA max_page_count = ${pages + room}`);
  return storeOver(database, { pipeline: its, writes: its, change: null, file, release: () => {} });
}

/** Stops without a drain, as a process that is killed. */
export async function kill({ die }: Run): Promise<void> {
  await die();
}

export function appended(batch: readonly (Event | string)[], ingestTimeMs = 0): Append {
  return { records: batch.map((event) => Buffer.from(lineOf(event))), ingestTimeMs };
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

/** Resolves once all that is durable is committed, and a snapshot that is due is kept. */
export async function committed({ store, ends, failures }: Run): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  await until(() => failures.length > 0 || reaches(store.progress().positions, ends()));
  assert.deepEqual(failures, []);
}

export function all(directory: string, sql: string): unknown[] {
  const database = new DatabaseSync(join(directory, STORE_FILE), { readOnly: true });
  const rows = database
    .prepare(sql)
    .all()
    .map((row) => Object.values(row));
  database.close();
  return rows;
}

export const code = (expected: ErrorCode) => (error: unknown) =>
  error instanceof LoanstreamError && error.diagnostics[0].code === expected;
