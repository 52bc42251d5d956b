/** A data directory that somebody or something has damaged: one line says so, and a start doesn't make it worse. */
import assert from "node:assert/strict";
import {
  appendFileSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { loadPipeline } from "../../src/pipeline/load.ts";
import { STORE_FILE } from "../../src/store/sqlite-store.ts";
import { start } from "../cli/command-line.ts";
import { assertComplains, type Failed } from "./complaint.ts";
import { type Life, startLife } from "./life.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { writeRecords } from "./records.ts";

const RECORDS = 1500;
const EARLIER = 700;
const LONGEST_START_MS = 30_000;
const scratch = mkdtempSync(join(tmpdir(), "loanstream-damage-"));
after(() => rmSync(scratch, { recursive: true }));
const pipeline = loadPipeline(fileURLToPath(new URL("../../pipeline", import.meta.url)));
const records = join(scratch, "records");
const at = (...names: string[]): string => join(scratch, ...names);

function live(directory: string, until: number, end: "drain" | "wait"): Life {
  return startLife({ dataDirectory: at(directory), records, until, end });
}

async function drain(directory: string, until: number): Promise<Outcome> {
  const { exitCode, stderr } = await live(directory, until, "drain").ended;
  assert.deepEqual([exitCode, stderr], [0, ""]);
  return outcomeOf(at(directory), pipeline);
}

/** What `run` says of a directory that it can't go on with. */
async function refused(directory: string, code: RegExp): Promise<void> {
  const failed = await run(["--data-dir", at(directory), "--port", "0"]);
  assertComplains(failed, 1, code);
  assert.ok(failed.stderr.startsWith(at(directory)), `without its place: ${failed.stderr}`);
}

/** Ends by itself if it is refused; else it is interrupted, since it would run on. */
async function run(flags: readonly string[]): Promise<Failed> {
  const command = start(["run", "--no-generator", "--log-level", "silent", ...flags]);
  const timer = setTimeout(() => command.interrupt(), LONGEST_START_MS);
  const outcome = await command.outcome;
  clearTimeout(timer);
  return outcome;
}

/** The paths of the log's files that end so, the oldest first. */
function logFiles(directory: string, ending: "ndjson" | "batches"): readonly [string, ...string[]] {
  const [first = assert.fail("an empty log"), ...rest] = readdirSync(at(directory, "log"))
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => at(directory, "log", name));
  return [first, ...rest];
}

const newest = (files: readonly [string, ...string[]]): string => files.at(-1) ?? files[0];

/** A copy of the whole run's directory. */
function copied(name: string): string {
  cpSync(at("whole"), at(name), { recursive: true });
  return name;
}

describe("a data directory", () => {
  let whole: Outcome;
  before(async () => {
    writeRecords(records, RECORDS, 3, 0.8);
    await drain("earlier", EARLIER);
    cpSync(at("earlier"), at("whole"), { recursive: true });
    whole = await drain("whole", RECORDS);
  });

  it("that another process runs on is left to it", async () => {
    const first = live("shared", RECORDS, "wait");
    await first.reached(EARLIER);
    await refused("shared", /^store\.in-use$/);
    await first.reached(RECORDS);
    first.stop();
    const { exitCode, stderr } = await first.ended;
    assert.deepEqual([exitCode, stderr], [0, ""]);
    assert.deepEqual(outcomeOf(at("shared"), pipeline), whole);
  });

  it("whose tables are garbage is refused; with them set aside they are made anew of the log", async () => {
    const directory = copied("garbage");
    writeFileSync(at(directory, STORE_FILE), "no database at all".repeat(1000));
    await refused(directory, /^store\.unreadable$/);
    renameSync(at(directory, STORE_FILE), at("garbage.sqlite"));
    assert.deepEqual(await drain(directory, RECORDS), whole);
  });

  it("whose tables are damaged inside is refused", async () => {
    const directory = copied("damaged-tables");
    const bytes = readFileSync(at(directory, STORE_FILE));
    writeFileSync(at(directory, STORE_FILE), bytes.fill(0x5a, 4096));
    await refused(directory, /^store\.corrupt$/);
  });

  it("without its log is refused, and goes on once the log is back", async () => {
    const directory = copied("no-log");
    renameSync(at(directory, "log"), at("log-set-aside"));
    await refused(directory, /^store\.behind-log$/);
    rmSync(at(directory, "log"), { recursive: true, force: true });
    renameSync(at("log-set-aside"), at(directory, "log"));
    assert.deepEqual(await drain(directory, RECORDS), whole);
  });

  it("with tables from an older copy takes in what they lack", async () => {
    const directory = copied("older-tables");
    copyFileSync(at("earlier", STORE_FILE), at(directory, STORE_FILE));
    assert.deepEqual(await drain(directory, RECORDS), whole);
  });

  it("with a log from an older copy is refused, and goes on with the newer one", async () => {
    const directory = copied("older-log");
    rmSync(at(directory, "log"), { recursive: true });
    cpSync(at("earlier", "log"), at(directory, "log"), { recursive: true });
    await refused(directory, /^store\.behind-log$/);
    rmSync(at(directory, "log"), { recursive: true });
    cpSync(at("whole", "log"), at(directory, "log"), { recursive: true });
    assert.deepEqual(await drain(directory, RECORDS), whole);
  });

  it("with a part of the log that can't be read is refused", async () => {
    for (const ending of ["ndjson", "batches"] as const) {
      const directory = copied(`unreadable-${ending}`);
      const file = newest(logFiles(directory, ending));
      rmSync(file);
      mkdirSync(file);
      await refused(directory, /^log\.(?:failed|unreadable)$/);
    }
  });

  it("with a durable record changed or a part missing is refused, and stays as it is", async () => {
    const flipped = copied("flipped");
    const file = newest(logFiles(flipped, "ndjson"));
    const bytes = readFileSync(file);
    bytes[20] = (bytes[20] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    await refused(flipped, /^log\.corrupt$/);
    assert.deepEqual(readFileSync(file), bytes);
    const lacking = copied("lacking");
    rmSync(newest(logFiles(lacking, "batches")));
    await refused(lacking, /^log\.corrupt$/);
  });

  it("with garbage behind the log's end goes on, and nothing is lost", async () => {
    const directory = copied("behind");
    for (const ending of ["ndjson", "batches"] as const)
      appendFileSync(newest(logFiles(directory, ending)), "half a line");
    assert.deepEqual(await drain(directory, RECORDS), whole);
  });

  it("that can't be made is named", async () => {
    writeFileSync(at("file"), "");
    await refused(join("file", "data"), /^(?:store|file)\.[a-z-]+$/);
  });
});

it("a port that is taken is named", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  const ended = await run(["--data-dir", at("port"), "--port", String(address.port)]);
  server.close();
  assertComplains(ended, 1, /^server\.port-in-use$/);
});
