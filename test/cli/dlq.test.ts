import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { RecordPlace } from "../../src/engine/engine.ts";
import { total } from "../../src/eventlog/positions.ts";
import { readRunning } from "../../src/server/running.ts";
import { openStoreReader } from "../../src/store/sqlite-reader.ts";
import { events, fill, pipeline } from "../topics/data.ts";
import { loanstream, start } from "./command-line.ts";

const scratch = mkdtempSync(join(tmpdir(), "loanstream-dlq-"));
after(() => rmSync(scratch, { recursive: true }));

const filled = join(scratch, "filled");
const all = events(1200);
before(() => fill(filled, all));

function copy(): string {
  const directory = mkdtempSync(join(scratch, "copy-"));
  cpSync(filled, directory, { recursive: true });
  return directory;
}

function written(lines: readonly object[]): string {
  const path = join(mkdtempSync(join(scratch, "letters-")), "letters.ndjson");
  writeFileSync(path, `${lines.map((line) => JSON.stringify(line)).join("\n")}\n`);
  return path;
}

interface Letter {
  readonly partition: number;
  readonly position: number;
  readonly path: string;
  readonly reason: string;
  readonly retried_as: RecordPlace | null;
  readonly record: unknown;
}

async function lettersIn(directory: string): Promise<Letter[]> {
  const { stdout, stderr, exitCode } = await loanstream(["dlq", "list", "--json", "--data-dir", directory]);
  assert.equal(exitCode, 0, stderr);
  return stdout
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

/** Letters that a version written as text made dead, with that corrected and the event's time moved to now. */
function repaired(letters: readonly Letter[]): Letter[] {
  return letters
    .filter(({ path, record }) => path === "$.schema_version" && typeof record === "object")
    .map((letter) => ({
      ...letter,
      record: { ...Object(letter.record), schema_version: 1, event_time: new Date().toISOString() },
    }));
}

const accepted = (directory: string) => {
  const reader = openStoreReader(directory, pipeline);
  const { positions, ledger } = reader.progress();
  reader.close();
  return { position: total(positions), accepted: ledger?.source.accepted ?? 0 };
};

const retry = (file: string, directory: string) =>
  loanstream(["dlq", "retry", file, "--data-dir", directory]);

describe("dlq list", () => {
  it("gives each dead record to a pipe as it came, with place, path and reason", async () => {
    const letters = await lettersIn(filled);
    assert.ok(letters.length > 20);
    for (const { partition, position, path, reason, retried_as, record } of letters) {
      assert.deepEqual([partition, retried_as], [0, null]);
      assert.ok(path.startsWith("$") && reason.length > 0);
      const json = all[position]?.json ?? "";
      assert.ok(typeof record === "string" ? record === json : JSON.stringify(record) === json, json);
    }
  });

  it("masks the records in readable lines and on a terminal, and shows as many as asked for", async () => {
    const emails = all.flatMap(({ json }) => /"email":"([^"]+)"/.exec(json)?.[1] ?? []);
    const terminal = { NODE_OPTIONS: "--import=data:text/javascript,process.stdout.isTTY=true" };
    const text = await loanstream(["dlq", "list", "--data-dir", filled]);
    const json = await loanstream(["dlq", "list", "--json", "--data-dir", filled], terminal);
    for (const { stdout } of [text, json]) {
      assert.ok(stdout.includes("bytes that are no JSON object"));
      assert.ok(!emails.some((email) => stdout.includes(email)));
    }
    const { stdout } = await loanstream(["dlq", "list", "--max", "4", "--data-dir", filled]);
    assert.deepEqual(stdout.split("\n").slice(0, 4), text.stdout.split("\n").slice(0, 4));
    assert.match(stdout, /\n\n4 dead letters\n( {2} *\d+ {2}\$.*: .+\n)+$/);
    const letters = await lettersIn(filled);
    const malformed = letters.filter(({ reason }) => reason === "not valid JSON").length;
    assert.match(text.stdout, new RegExp(`\\n\\n${letters.length} dead letters\\n`));
    assert.match(text.stdout, new RegExp(`\\n {2} *${malformed} {2}\\$: not valid JSON\\n`));
  });

  it("says that there are none, or that the directory isn't there", async () => {
    const directory = join(scratch, "good");
    await fill(directory, all.filter(({ bad }) => bad === undefined).slice(0, 5));
    const none = await loanstream(["dlq", "list", "--data-dir", directory]);
    assert.deepEqual([none.exitCode, none.stdout, none.stderr], [0, "", "There are no dead letters.\n"]);
    for (const verb of [["list"], ["retry", "letters.ndjson"]]) {
      const { exitCode, stdout, stderr } = await loanstream(["dlq", ...verb, "--data-dir", "/nowhere"]);
      const said = 'There is no directory /nowhere; "loanstream run" begins.\n';
      assert.deepEqual([exitCode, stdout, stderr], [1, "", said]);
    }
  });
});

describe("dlq retry", () => {
  it("appends repaired records, once however often it is asked for, and notes where they are", async () => {
    const directory = copy();
    const earlier = accepted(directory);
    const letters = repaired(await lettersIn(directory));
    const file = written(letters);
    const first = await retry(file, directory);
    assert.deepEqual([first.exitCode, first.stdout], [0, `${letters.length} appended, 0 already there.\n`]);
    const { position } = accepted(directory);
    assert.equal(position, earlier.position + letters.length);
    const again = await retry(file, directory);
    assert.equal(again.stdout, `0 appended, ${letters.length} already there.\n`);
    assert.equal(accepted(directory).position, position);
    const noted = (await lettersIn(directory)).filter((letter) => letter.retried_as !== null);
    assert.deepEqual(
      noted.map((letter) => letter.retried_as?.position),
      letters.map((_, i) => earlier.position + i),
    );
  });

  it("tells how many came too late by their own time", async () => {
    const directory = copy();
    const [letter] = repaired(await lettersIn(directory));
    assert.ok(letter);
    const event_time = new Date(Date.now() - 3_600_000).toISOString();
    const file = written([{ ...letter, record: { ...Object(letter.record), event_time } }]);
    const { stdout } = await retry(file, directory);
    assert.match(stdout, /^1 appended, 0 already there\.\n1 of them came too late .*"loanstream rebuild /);
  });

  it("refuses what is as it was, would be dead again or never was dead, and appends the others", async () => {
    const directory = copy();
    const letters = (await lettersIn(filled)).filter(({ path }) => path === "$.schema_version");
    const unchanged = letters[2];
    const [good, worse] = repaired(letters);
    assert.ok(unchanged && good && worse);
    const broken = { ...worse, record: { ...Object(worse.record), channel: "fax" } };
    const alive = { ...broken, position: all.findIndex(({ bad }) => bad === undefined) };
    const before = accepted(directory);
    const file = written([good, unchanged, broken, alive]);
    const { exitCode, stdout, stderr } = await retry(file, directory);
    assert.deepEqual([exitCode, stdout], [1, "1 appended, 0 already there, 3 refused.\n"]);
    const lines = stderr.split("\n").filter((line) => line.includes("[dlq."));
    assert.equal(lines.length, 3);
    assert.match(lines[2] ?? "", /letters\.ndjson:4: position \d+ holds no dead letter \[dlq\.not-dead\]/);
    assert.match(
      lines[0] ?? "",
      /letters\.ndjson:2: position \d+ is as it was .*\$\.schema_version .*\[dlq\.dead-again\]/,
    );
    assert.match(
      lines[1] ?? "",
      /letters\.ndjson:3: position \d+ would be dead again: \$\.channel .*\[dlq\.dead-again\]/,
    );
    assert.equal(accepted(directory).position, before.position + 1);
    assert.equal((await retry(file, directory)).stdout, "0 appended, 1 already there, 3 refused.\n");
  });

  it("gives the far future the reason that the list gives it", async () => {
    const letters = (await lettersIn(filled)).filter(({ path }) => path === "$.schema_version");
    const [letter] = repaired(letters);
    const event_time = new Date(Date.now() + 86_400_000).toISOString();
    const { exitCode, stderr } = await retry(
      written([{ ...letter, record: { ...Object(letter?.record), event_time } }]),
      filled,
    );
    const { reason } = (await lettersIn(filled)).find(({ reason }) => reason.includes("hour")) ?? {};
    assert.ok(exitCode === 1 && reason !== undefined && stderr.includes(`$.event_time ${reason}`), stderr);
  });

  it("refuses what is no letter, or none that is dead, without a word of what it holds", async () => {
    const [good] = repaired(await lettersIn(filled));
    const { partition, position } = good ?? { partition: 0, position: 0 };
    const wrong = [
      { partition, position, record: "secret" },
      { position, record: { secret: 1 } },
      { partition, position, record: ["secret"] },
      ["secret"],
    ];
    const { exitCode, stderr } = await retry(written(wrong), filled);
    assert.deepEqual([exitCode, stderr.trim().split("\n").length, stderr.includes("secret")], [1, 4, false]);
    const alive = all.findIndex(({ bad }) => bad === undefined);
    const notDead = await retry(written([{ ...good, position: alive }]), filled);
    assert.deepEqual([notDead.exitCode, /\[dlq\.not-dead\]/.test(notDead.stderr)], [1, true]);
    assert.match((await retry(join(scratch, "nothing"), filled)).stderr, /\[file\.unreadable\]/);
    const twice = await retry(written([good ?? {}, good ?? {}]), filled);
    assert.match(twice.stderr, /:2: position \d+ stands here twice \[dlq\.invalid-letter\]/);
  });

  it("goes to the instance that runs on the directory", async () => {
    const directory = copy();
    const letters = repaired(await lettersIn(directory));
    const instance = start(["run", "--no-generator", "--port", "0", "--data-dir", directory]);
    while ((await readRunning(directory)) === null) await delay(20);
    const earlier = accepted(directory);
    const { exitCode, stdout, stderr } = await retry(written(letters), directory);
    assert.deepEqual([exitCode, stdout], [0, `${letters.length} appended, 0 already there.\n`], stderr);
    assert.equal(accepted(directory).position, earlier.position + letters.length);
    await instance.said(`"message":"dead letters appended","appended":${letters.length},"already":0`);
    instance.interrupt();
    assert.equal((await instance.outcome).exitCode, 0);
  });
});
