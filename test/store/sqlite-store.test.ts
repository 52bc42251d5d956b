import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, describe, it } from "node:test";
import type { Ledger } from "../../src/engine/engine.ts";
import { type ErrorCode, LoanstreamError } from "../../src/errors.ts";
import { EMBEDDED } from "../../src/eventlog/one-partition.ts";
import { isLocked } from "../../src/store/directory-lock.ts";
import { packState } from "../../src/store/snapshots.ts";
import { openStoreReader } from "../../src/store/sqlite-reader.ts";
import { openStore, STORE_FILE } from "../../src/store/sqlite-store.ts";
import type { Commit, JournalEntry, PackedState, Store } from "../../src/store/store.ts";
import { scores, smallPipeline, windows } from "./small-pipeline.ts";

const scratch = mkdtempSync(join(tmpdir(), "loanstream-store-"));
after(() => rmSync(scratch, { recursive: true }));
const newPath = () => mkdtempSync(join(scratch, "data-"));

const ledger: Ledger = {
  source: { read: 3, accepted: 1, late: 1, duplicate: 0, dead: 1 },
  tables: { scores: { used: 1, filtered: 0 } },
};

const commit = (position: number, over: Partial<Commit> = {}): Commit => ({
  positions: [position],
  steps: [],
  tables: [],
  late: [],
  dead: [],
  ledger,
  watermarkMs: null,
  trigger: null,
  ...over,
});

/** A state of one byte, taken at a position. */
async function kept(store: Store, n: number): Promise<PackedState> {
  const packed = await packState(Uint8Array.of(n));
  const state = { positions: [n], journalId: store.journalEnd(), takenAtMs: n, packed };
  store.keepSnapshot(state);
  return state;
}

const code = (expected: ErrorCode) => (error: unknown) =>
  error instanceof LoanstreamError && error.diagnostics[0].code === expected;

function all(directory: string, sql: string): unknown[] {
  const database = new DatabaseSync(join(directory, STORE_FILE), { readOnly: true });
  const statement = database.prepare(sql);
  statement.setReadBigInts(true);
  const found = statement.all().map((row) => ({ ...row }));
  database.close();
  return found;
}

const wide = 2n ** 62n + 1n;
const row = ["e1", wide, 0.1, true, ["a", "é\n"], 1_700_000_000_123];

describe("the store", () => {
  it("keeps rows in ordinary tables under the models' names, and gives them back as they were", () => {
    const directory = newPath();
    const store = openStore(directory, smallPipeline);
    const nulls = ["e2", null, null, null, null, null];
    store.commit(commit(2, { tables: [{ table: "scores", rows: [row, nulls] }] }));
    assert.deepEqual(all(directory, "SELECT * FROM scores WHERE event_id = 'e1'"), [
      {
        _seq: 1n,
        event_id: "e1",
        amount_cents: wide,
        score: 0.1,
        manual: 1n,
        reasons: '["a","é\\n"]',
        event_time: "2023-11-14T22:13:20.123Z",
      },
    ]);
    const reader = openStoreReader(directory, smallPipeline);
    assert.deepEqual(reader.newest(9).tables[0]?.rows, [nulls, row]);
    assert.deepEqual(reader.newest(1).tables[0]?.rows, [nulls]);
    reader.close();
    store.close();
  });

  it("stores whole numbers as integers, whatever their size", () => {
    const directory = newPath();
    const store = openStore(directory, smallPipeline);
    const numbers = [0, -1, 2 ** 31, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, -(2n ** 63n)];
    const rows = numbers.map((n, i) => [`e${i}`, n, 1, null, null, null]);
    store.commit(commit(1, { tables: [{ table: "scores", rows }] }));
    const types = all(directory, "SELECT DISTINCT typeof(amount_cents) AS a, typeof(score) AS s FROM scores");
    assert.deepEqual(types, [{ a: "integer", s: "real" }]);
    const stored = all(directory, "SELECT amount_cents AS n FROM scores ORDER BY _seq");
    assert.deepEqual(
      stored,
      numbers.map((n) => ({ n: BigInt(n) })),
    );
    store.close();
  });

  it("puts a window's row in place of the one with its key, a null key part included", () => {
    const directory = newPath();
    const store = openStore(directory, smallPipeline);
    const rows = (count: number) => [
      [60_000, "auto", count + 2],
      [0, null, count + 1],
      [0, "auto", count],
    ];
    store.commit(commit(1, { tables: [{ table: windows.name, rows: rows(1) }] }));
    store.commit(commit(2, { tables: [{ table: windows.name, rows: rows(10) }] }));
    const reader = openStoreReader(directory, smallPipeline);
    assert.deepEqual(reader.newest(9).tables[1]?.rows, rows(10));
    reader.close();
    store.close();
  });

  it("keeps places and reasons of late and dead records, progress and ledger with the rows", () => {
    const directory = newPath();
    const store = openStore(directory, smallPipeline);
    const dead = [{ partition: 0, position: 2, path: "$.loan", reason: "is missing" }];
    store.commit(commit(3, { late: [{ partition: 0, position: 1 }], dead, watermarkMs: 5 }));
    store.close();
    assert.deepEqual(all(directory, "SELECT * FROM loanstream_late"), [{ partition: 0n, position: 1n }]);
    assert.deepEqual(all(directory, "SELECT path, reason FROM loanstream_dead"), [
      { path: "$.loan", reason: "is missing" },
    ]);
    const again = openStore(directory, smallPipeline);
    const { storeId, ...progress } = again.progress();
    assert.match(storeId, /^[0-9a-f-]{36}$/);
    assert.deepEqual(progress, {
      log: null,
      begun: null,
      following: false,
      positions: [3],
      seq: 0,
      ledger,
      watermarkMs: 5,
      ownerEpoch: 2,
    });
    again.close();
  });

  it("makes all of a commit visible or none of it", () => {
    const directory = newPath();
    const store = openStore(directory, smallPipeline);
    const late = [{ partition: 0, position: 1 }];
    store.commit(commit(2, { late }));
    const twice = commit(4, { late, tables: [{ table: "scores", rows: [row] }] });
    assert.throws(() => store.commit(twice));
    assert.deepEqual(store.progress().positions, [2]);
    assert.deepEqual(all(directory, "SELECT * FROM scores"), []);
    store.commit(commit(5));
    assert.deepEqual(store.progress().positions, [5]);
    store.close();
  });

  it("gives the newest snapshots first, those whose bytes have changed without their state", async () => {
    const directory = newPath();
    const store = openStore(directory, smallPipeline);
    for (const position of [1, 2, 3]) await kept(store, position);
    assert.deepEqual(
      [...store.snapshots()].map((its) => ({ ...its, state: Uint8Array.from(its.state ?? []) })),
      [
        { positions: [3], journalId: 0, takenAtMs: 3, state: Uint8Array.of(3) },
        { positions: [2], journalId: 0, takenAtMs: 2, state: Uint8Array.of(2) },
      ],
    );
    store.close();
    const database = new DatabaseSync(join(directory, STORE_FILE));
    database.exec("UPDATE loanstream_snapshots SET state = x'09' WHERE positions = '[3]'");
    database.close();
    const again = openStore(directory, smallPipeline);
    assert.deepEqual(
      [...again.snapshots()].map(({ positions, state }) => [positions, state?.length]),
      [
        [[3], undefined],
        [[2], 1],
      ],
    );
    again.close();
  });

  it("keeps the journal since the oldest snapshot, and knows what of the log a recovery may need", async () => {
    const store = openStore(newPath(), smallPipeline);
    const step = (toPosition: number): JournalEntry => ({
      steps: [{ partition: 1, toPosition, unread: [0, 2] }],
      trigger: null,
    });
    const trigger: JournalEntry = { steps: [], trigger: { unread: [2] } };
    const entries = (fromId: number) => store.journal(fromId).map(({ id, ...entry }) => [id, entry]);
    store.commit(commit(1, step(1)));
    store.commit(commit(1, trigger));
    assert.deepEqual(entries(0), [
      [1, step(1)],
      [2, trigger],
    ]);
    await kept(store, 1);
    assert.deepEqual(store.neededFrom(), []);
    assert.deepEqual(entries(2), [[2, trigger]]);
    store.commit(commit(4, step(4)));
    await kept(store, 4);
    store.commit(commit(5, step(5)));
    assert.deepEqual(entries(0), [
      [2, trigger],
      [3, step(4)],
      [4, step(5)],
    ]);
    assert.deepEqual(
      [...store.snapshots()].map(({ positions, journalId }) => [positions, journalId]),
      [
        [[4], 3],
        [[1], 2],
      ],
    );
    assert.deepEqual(store.neededFrom(), [1]);
    await kept(store, 5);
    assert.deepEqual(entries(0), [
      [3, step(4)],
      [4, step(5)],
    ]);
    assert.deepEqual(store.neededFrom(), [4]);
    store.close();
  });

  it("belongs to one log", () => {
    const store = openStore(newPath(), smallPipeline);
    store.belongsTo("one");
    store.belongsTo("one");
    assert.equal(store.progress().log, "one");
    assert.throws(() => store.belongsTo("another"), code("store.other-log"));
    store.close();
  });

  it("knows where its first commit began, and whether it follows", () => {
    const store = openStore(newPath(), smallPipeline);
    assert.deepEqual([store.progress().begun, store.progress().following], [null, false]);
    store.begin([3, 0]);
    store.follow(true);
    assert.deepEqual([store.progress().begun, store.progress().following], [[3, 0], true]);
    store.follow(false);
    assert.equal(store.progress().following, false);
    store.close();
  });
});

describe("a data directory", () => {
  it("has files that its owner alone may open, whoever may look into it", () => {
    const directory = newPath();
    chmodSync(directory, 0o755);
    const store = openStore(directory, smallPipeline);
    store.commit(commit(1));
    const files = readdirSync(directory).sort();
    assert.deepEqual(
      files.map((name) => [name, statSync(join(directory, name)).mode & 0o777]),
      [STORE_FILE, `${STORE_FILE}-shm`, `${STORE_FILE}-wal`, "lock", "lock-journal"].map((name) => [
        name,
        0o600,
      ]),
    );
    store.close();
  });

  it("has one writer at a time, in this process or another", () => {
    const directory = newPath();
    const store = openStore(directory, smallPipeline);
    assert.throws(() => openStore(directory, smallPipeline), code("store.in-use"));
    const module = new URL("../../src/store/directory-lock.ts", import.meta.url).href;
    const script = `import(${JSON.stringify(module)}).then(({ lockDirectory }) => lockDirectory(process.argv[1]))`;
    const other = spawnSync(process.execPath, ["-e", script, directory], { encoding: "utf8" });
    assert.match(other.stderr, /store\.in-use/);
    store.close();
    openStore(directory, smallPipeline).close();
  });

  it("that can't be opened is let go", () => {
    const directory = newPath();
    openStore(directory, smallPipeline).close();
    const database = new DatabaseSync(join(directory, STORE_FILE));
    database.exec("ALTER TABLE loanstream_retried RENAME COLUMN hash TO other");
    database.close();
    assert.throws(() => openStore(directory, smallPipeline), /hash/);
    assert.equal(isLocked(directory), false);
  });

  it("refuses a commit once another owner has taken the store over", () => {
    const directory = newPath();
    const store = openStore(directory, smallPipeline);
    const database = new DatabaseSync(join(directory, STORE_FILE));
    database.exec("UPDATE loanstream_progress SET owner_epoch = owner_epoch + 1");
    database.close();
    const rows = { tables: [{ table: "scores", rows: [row] }] };
    assert.throws(() => store.commit(commit(1, rows)), code("store.owner-lost"));
    assert.deepEqual(all(directory, "SELECT * FROM scores"), []);
    store.close();
  });

  it("of a pipeline that computes something else is refused, of one that reads otherwise is not", () => {
    const directory = newPath();
    openStore(directory, smallPipeline).close();
    openStore(directory, { ...smallPipeline, directory: "elsewhere", timeZone: "Europe/Paris" }).close();
    const changed = { ...smallPipeline, tables: [scores, { ...windows, emit: "final" as const }] };
    assert.throws(() => openStore(directory, changed), code("store.pipeline-changed"));
    openStore(directory, smallPipeline).close();
  });

  it("names a rebuild where the pipeline has changed only if the log can be rebuilt from", () => {
    const changed = { ...smallPipeline, tables: [scores, { ...windows, emit: "final" as const }] };
    const refusedAfter = (log: string) => {
      const directory = newPath();
      const store = openStore(directory, smallPipeline);
      store.belongsTo(log);
      store.close();
      return () => openStore(directory, changed);
    };
    assert.throws(refusedAfter(EMBEDDED), /Take the change back, or run "loanstream rebuild windows"\./);
    assert.throws(refusedAfter("kafka:one"), /Take the change back, or name another --data-dir and empty/);
  });

  it("makes a table in its present form where a start before had failed to go on with another", () => {
    const directory = newPath();
    const only = { ...smallPipeline, tables: [scores] };
    openStore(directory, only).close();
    openStore(directory, smallPipeline).close();
    const relation = { ...windows.relation, columns: windows.relation.columns.slice(0, 2) };
    const store = openStore(directory, { ...only, tables: [scores, { ...windows, relation }] });
    store.commit(commit(1, { tables: [{ table: windows.name, rows: [[0, "auto"]] }] }));
    store.close();
  });

  it("that holds something else is refused and left as it is", () => {
    const directory = newPath();
    writeFileSync(
      join(directory, STORE_FILE),
      "not a database, but long enough to be looked at\n".repeat(20),
    );
    assert.throws(() => openStore(directory, smallPipeline), code("store.unreadable"));
    const foreign = newPath();
    const database = new DatabaseSync(join(foreign, STORE_FILE));
    database.exec("CREATE TABLE other (x)");
    database.close();
    assert.throws(() => openStore(foreign, smallPipeline), code("store.unreadable"));
  });
});
