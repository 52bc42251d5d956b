import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { appendTo, events, fill, open } from "../topics/data.ts";
import { loanstream, type Outcome, start } from "./command-line.ts";

const scratch = mkdtempSync(join(tmpdir(), "loanstream-consume-"));
after(() => rmSync(scratch, { recursive: true }));
const newPath = () => join(mkdtempSync(join(scratch, "data-")), "data");

const directory = newPath();
const all = events(1500);
const texts = all.map(({ json }) => json);
before(() => fill(directory, all));

/** As if standard output were a terminal. */
const TERMINAL = { NODE_OPTIONS: "--import=data:text/javascript,process.stdout.isTTY=true" };
const ended = ["--no-follow", "--data-dir", directory];
const consume = (args: readonly string[], environment?: Readonly<Record<string, string>>) =>
  loanstream(["consume", ...args, ...ended], environment);

function linesOf({ exitCode, stdout, stderr }: Outcome): string[] {
  assert.equal(exitCode, 0, stderr);
  return stdout.split("\n").slice(0, -1);
}

const emails = texts.flatMap((text) => /"email":"([^"]+)"/.exec(text)?.[1] ?? []);
const hasEmail = (lines: readonly string[]) => emails.some((email) => lines.join("\n").includes(email));

describe("consume", () => {
  it("gives the input to a pipe as it came, line for line", async () => {
    assert.deepEqual(linesOf(await consume(["loan.applications", "--json"])), texts);
  });

  it("gives one table's rows, by the short name of a topic, up to a number of them", async () => {
    const lines = linesOf(await consume(["risk", "--table", "risk_scores", "--max", "5"]));
    assert.equal(lines.length, 5);
    for (const line of lines)
      assert.match(
        line,
        /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}\d+ {2}risk_scores {3}event_id=[\da-f-]{36} .* risk_score=\d+ /,
      );
    const rows = linesOf(
      await consume(["loan.output.risk", "--table", "risk_scores", "--max", "5", "--json"]),
    );
    for (const [i, row] of rows.map((line) => JSON.parse(line)).entries()) {
      assert.deepEqual(Object.keys(row), [
        ...["topic", "partition", "position", "table", "time", "key", "value"],
      ]);
      assert.deepEqual([row.topic, row.partition, row.table], ["loan.output.risk", 0, "risk_scores"]);
      assert.equal(row.key.event_id, row.value.event_id);
      assert.ok(Number.isInteger(row.value.risk_score));
      assert.equal(lines[i]?.split("  ")[1], String(row.position));
    }
    const second = JSON.parse(rows[1] ?? "").position;
    assert.deepEqual(
      linesOf(
        await consume(["risk", "--table", "risk_scores", "--max", "4", "--json", "--from", String(second)]),
      ),
      rows.slice(1),
    );
  });

  it("gives what has a key, and what comes from a position on", async () => {
    const [, key = ""] = /"application_id":"([^"]+)"/.exec(texts[700] ?? "") ?? [];
    const lines = linesOf(await consume(["loan.applications", "--json", "--from", "700", "--key", key]));
    assert.ok(lines.length > 0);
    assert.deepEqual(
      lines,
      texts.slice(700).filter((text) => text.includes(`"application_id":"${key}"`) && isJson(text)),
    );
  });

  it("says that nothing has the key", async () => {
    const { exitCode, stdout, stderr } = await consume(["risk", "--key", "nobody"]);
    const said = "No record of loan.output.risk is one of those asked for.\n";
    assert.deepEqual([exitCode, stdout, stderr], [0, "", said]);
  });

  it("masks events, late ones and dead ones on a terminal, and in every readable line", async () => {
    for (const topic of ["loan.applications", "late", "dlq"]) {
      const raw = linesOf(await consume([topic, "--json"]));
      assert.ok(hasEmail(raw), topic);
      for (const [args, environment] of [
        [[topic], {}],
        [[topic], TERMINAL],
        [[topic, "--json"], TERMINAL],
      ] as const) {
        const shown = linesOf(await consume(args, environment));
        assert.equal(shown.length, raw.length);
        assert.ok(!hasEmail(shown), `${topic} ${args.length}`);
      }
    }
  });

  it("keeps lines within a terminal's width", async () => {
    const lines = linesOf(await consume(["stats"], TERMINAL));
    assert.ok(lines.length > 0 && lines.every((line) => line.length <= 120));
  });

  it("follows what another process writes, from the end, until Ctrl-C", async () => {
    const own = newPath();
    await fill(own, all.slice(0, 400));
    const following = start(["consume", "risk", "--json", "--data-dir", own]);
    await following.said("Nothing new in loan.output.risk. Waiting");
    const thread = await open(own);
    await appendTo(thread, all.slice(400, 800));
    await following.printed('"risk_score":');
    following.interrupt();
    await thread.drain();
    const lines = linesOf(await following.outcome);
    const known = new Set(
      linesOf(await loanstream(["consume", "risk", "--json", "--no-follow", "--data-dir", own])),
    );
    const before = new Set(all.slice(0, 400).map(({ json }) => /"event_id":"([^"]+)"/.exec(json)?.[1]));
    assert.ok(lines.length > 0);
    for (const line of lines) {
      const { event_id: id, risk_score: score } = JSON.parse(line).value;
      if (score === undefined) continue;
      assert.ok(known.has(line));
      assert.ok(!before.has(id), `${id} had come before`);
    }
  });

  it("says that none was wanted only where none was", async () => {
    const end = ["--from", "beginning", "--no-follow", "--data-dir", directory];
    const every = await loanstream(["consume", "loan.applications", ...end]);
    assert.ok(every.stdout !== "" && !every.stderr.includes("asked for"), every.stderr);
    const none = await loanstream(["consume", "loan.applications", "--key", "nobody's", ...end]);
    assert.equal(none.stdout, "");
    assert.match(none.stderr, /asked for/);
  });

  it("waits for a directory that isn't there yet, and ends after --max", async () => {
    const own = newPath();
    const following = start(["consume", "loan.applications", "--json", "--max", "3", "--data-dir", own]);
    await following.said(`There is no directory ${own}; "loanstream run" begins. Waiting`);
    await fill(own, all.slice(0, 10));
    assert.deepEqual(linesOf(await following.outcome), texts.slice(0, 3));
  });

  it("ends well with a reader that has seen enough", async () => {
    const main = new URL("../../src/cli/main.ts", import.meta.url).pathname;
    const args = [
      main,
      "consume",
      "loan.applications",
      "--from",
      "beginning",
      "--json",
      "--data-dir",
      directory,
    ];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] });
    const closed = once(child, "close");
    await once(child.stdout, "data");
    child.stdout.destroy();
    const own = await open(directory);
    await appendTo(own, events(1600).slice(1500));
    await own.drain();
    assert.deepEqual(await closed, [0, null]);
  });

  it("names the topic that was perhaps meant, and the table", async () => {
    const wrong = await loanstream(["consume", "riks"]);
    assert.deepEqual([wrong.exitCode, wrong.stdout], [2, ""]);
    assert.match(wrong.stderr, /^there is no topic riks \[topic\.unknown\]\. Did you mean risk\?\n$/);
    const short = await loanstream(["consume", "risk_scores"]);
    assert.match(
      short.stderr,
      /risk_scores is no topic but .* loanstream consume risk --table risk_scores\.\n$/,
    );
    assert.match((await loanstream(["consume", "alert"])).stderr, /Did you mean alerts\?\n$/);
    const table = await loanstream(["consume", "risk", "--table", "risk_score"]);
    assert.match(table.stderr, /has no table risk_score \[usage\.invalid\]\. Write risk_scores\.\n$/);
    for (const args of [[], ["risk", "fraud"], ["risk", "--from", "x"], ["risk", "--max", "0"]])
      assert.equal((await loanstream(["consume", ...args])).exitCode, 2);
  });

  it("says whose tables are kept in a directory of another pipeline", async () => {
    const other = ["consume", "loan.alerts", "--data-dir", directory, "--pipeline", "examples/german-credit"];
    const { exitCode, stderr } = await loanstream(other);
    assert.deepEqual([exitCode, /another pipeline.*\[store\.pipeline-changed\]/.test(stderr)], [2, true]);
  });
});

function isJson(text: string): boolean {
  try {
    return typeof JSON.parse(text) === "object";
  } catch {
    return false;
  }
}

describe("topics list", () => {
  it("shows every topic with how much it holds, as text and as JSON", async () => {
    const list = ["topics", "list", "--data-dir", directory];
    const lines = linesOf(await loanstream(list));
    assert.match(lines[0] ?? "", /^topic +partitions +records +oldest +newest +kept +holds$/);
    assert.match(
      lines[1] ?? "",
      /^loan\.applications +1 +1,[56]00 +20\S+ \S+ +20\S+ \S+ +7 days, 10\.0 GB +events/,
    );
    const topics = linesOf(await loanstream([...list, "--json"])).map((line) => JSON.parse(line));
    assert.deepEqual(
      topics.map(({ name }) => name),
      lines.slice(1).map((line) => line.split(" ")[0]),
    );
    for (const { name, records, partitions } of topics.filter(({ tables }) => tables.length === 0))
      assert.deepEqual([partitions, linesOf(await consume([name, "--json"])).length], [1, records], name);
  });

  it("says that a directory isn't there, and does nothing else", async () => {
    const { exitCode, stdout, stderr } = await loanstream(["topics", "list", "--data-dir", "/nowhere"]);
    const said = 'There is no directory /nowhere; "loanstream run" begins.\n';
    assert.deepEqual([exitCode, stdout, stderr], [1, "", said]);
    assert.equal((await loanstream(["topics", "delete", "x"])).exitCode, 2);
  });
});
