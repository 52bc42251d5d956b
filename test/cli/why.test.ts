import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { openStoreReader } from "../../src/store/sqlite-reader.ts";
import { events, fill, pipeline } from "../topics/data.ts";
import { loanstream } from "./command-line.ts";

const scratch = mkdtempSync(join(tmpdir(), "loanstream-why-"));
after(() => rmSync(scratch, { recursive: true }));

const directory = join(scratch, "data");
const all = events(6000);
const ring = { table: "", key: "", ids: [""] };
before(async () => {
  await fill(directory, all);
  const reader = openStoreReader(directory, pipeline);
  const [, , , table, key, , message] =
    reader.rows("alerts", { limit: 1, where: new Map([["alert", "fraud_ring"]]) })[0]?.row ?? [];
  reader.close();
  Object.assign(ring, { table, key, ids: String(message).match(/[\da-f]{8}-[\da-f-]{27}/g) });
});

const why = (id: string, ...flags: string[]) => loanstream(["why", id, ...flags, "--data-dir", directory]);

async function explained(id: string) {
  const { exitCode, stdout, stderr } = await why(id, "--json");
  assert.equal(exitCode, 0, stderr);
  return JSON.parse(stdout);
}

const idIn = (json: string) => /"application_id":"([^"]{36})"/.exec(json)?.[1] ?? "";

describe("why", () => {
  it("tells an application's events in the order of their time, with what became of each", async () => {
    const [id = ""] = ring.ids;
    const its = all.flatMap(({ json, bad }, position) =>
      idIn(json) === id ? [{ position, bad, json }] : [],
    );
    const { events: found } = await explained(id);
    assert.deepEqual(
      found.map((event: { position: number }) => event.position).toSorted((a: number, b: number) => a - b),
      its.map(({ position }) => position),
    );
    const times = found.map(({ time }: { time: string }) => time);
    assert.deepEqual(times, times.toSorted());
    assert.equal(found[0].kind, "started");
  });

  it("knows late, dead and repeated events from accepted ones", async () => {
    const verdicts = { late: "late", wrong_type: "dead", truncated: "dead", duplicate: "duplicate" };
    for (const [bad, verdict] of Object.entries(verdicts)) {
      const position = all.findIndex((event) => event.bad === bad && idIn(event.json) !== "");
      const { events: found } = await explained(idIn(all[position]?.json ?? ""));
      const event = found.find((candidate: { position: number }) => candidate.position === position);
      assert.equal(event?.verdict, verdict, bad);
      if (verdict === "dead") assert.ok(event.path.startsWith("$") && event.reason.length > 0);
    }
  });

  it("shows the rows that name it, and takes the stored scores apart to the point", async () => {
    for (const id of ring.ids.slice(0, 2)) {
      const { rows, scorecards, reasons } = await explained(id);
      const row = Object.assign({}, ...rows.flatMap((table: { rows: object[] }) => table.rows));
      assert.equal(row.application_id, id);
      const scores = Object.fromEntries(
        scorecards.map((card: { card: string; score: number }) => [card.card, card.score]),
      );
      assert.deepEqual(scores, {
        risk: row.risk_score,
        identity: row.identity_score,
        behavior: row.behavior_score,
      });
      const stated = reasons.filter(({ column }: { column: string }) => column === "risk_reasons");
      assert.deepEqual(
        stated.map(({ code }: { code: string }) => code),
        row.risk_reasons,
      );
      assert.ok(reasons.every(({ text }: { text: string }) => text.length > 0));
      for (const card of scorecards)
        for (const { points, reference, lost, bin } of card.characteristics) {
          assert.equal(Math.abs(points - reference).toFixed(2), Math.abs(lost).toFixed(2));
          assert.notEqual(bin, "");
        }
    }
  });

  it("shows the groups that hold it, and the alerts that they raised", async () => {
    for (const id of ring.ids.slice(0, 2)) {
      const { groups, alerts } = await explained(id);
      const its = groups.find(({ table }: { table: string }) => table === ring.table);
      assert.ok(
        its.rows.every(({ application_ids: ids }: { application_ids: string[] }) => ids.includes(id)),
      );
      assert.ok(
        alerts.some(
          (alert: { alert: string; key: string }) => alert.alert === "fraud_ring" && alert.key === ring.key,
        ),
      );
    }
  });

  it("says the same in words, and nothing personal in either", async () => {
    const [id = ""] = ring.ids;
    const { stdout } = await why(id);
    for (const heading of [
      `Events of ${id}`,
      "risk_scores",
      "Scorecard identity: ",
      "a group that holds it",
      "Alerts",
    ])
      assert.ok(stdout.includes(heading), heading);
    const submitted = all.find(({ json }) => idIn(json) === id && json.includes('"event_type":"submitted"'));
    const { applicant, behavior } = JSON.parse(submitted?.json ?? "{}");
    const { email, phone, date_of_birth, address, employer } = applicant;
    const json = JSON.stringify(await explained(id));
    for (const value of [email, phone, date_of_birth, address.street, employer ?? email, behavior.ip])
      assert.ok(!stdout.includes(value) && !json.includes(value));
  });

  it("says of one that nobody knows what was searched", async () => {
    const { exitCode, stdout, stderr } = await why("00000000-0000-4000-8000-000000000000");
    assert.deepEqual([exitCode, stdout], [1, ""]);
    assert.match(
      stderr,
      /^nothing is known of 00000000-0000-4000-8000-000000000000: the log keeps positions 0 to 5999, since .* \[why\.unknown\]\. .*\n$/,
    );
    const nothing = await loanstream(["why", "x", "--data-dir", join(scratch, "none")]);
    assert.match(nothing.stderr, /there is no log yet \[why\.unknown\]/);
  });

  it("knows one by its unique beginning, as the page shows it, and lists several", async () => {
    const [id = ""] = ring.ids;
    const short = await why(id.slice(0, 8), "--json");
    assert.equal(short.stdout, (await why(id, "--json")).stdout);
    const twins = join(scratch, "twins");
    const twin = (end: string) => `{"application_id":"abcdef-${end}"}`;
    const [event] = all;
    assert.ok(event);
    await fill(
      twins,
      ["1", "2"].map((end) => ({ ...event, json: twin(end) })),
    );
    const { exitCode, stderr } = await loanstream(["why", "abcdef", "--data-dir", twins]);
    assert.equal(exitCode, 1);
    assert.match(stderr, /^several begin with abcdef: abcdef-1, abcdef-2 \[why\.ambiguous\]/);
    const tooShort = await loanstream(["why", "abcde", "--data-dir", twins]);
    assert.match(tooShort.stderr, /^nothing is known of abcde: .* \[why\.unknown\]/);
  });

  it("asks for one name, and for a pipeline that says what it names", async () => {
    for (const args of [["why"], ["why", "a", "b"], ["why", ""]])
      assert.equal((await loanstream(args)).exitCode, 2);
    const { exitCode, stderr } = await loanstream(["why", "x", "--pipeline", "examples/german-credit"]);
    assert.deepEqual([exitCode, /\[pipeline\.invalid\].* source/.test(stderr)], [2, true]);
  });

  it("tells where a dead record was retried", async () => {
    const position = all.findIndex(
      ({ json, bad }) => bad === "wrong_type" && json.includes('"schema_version":"one"'),
    );
    const json = all[position]?.json ?? "";
    const record = JSON.parse(json.replace('"schema_version":"one"', '"schema_version":1'));
    const file = join(scratch, "letter.ndjson");
    writeFileSync(file, JSON.stringify({ partition: 0, position, record }));
    assert.equal((await loanstream(["dlq", "retry", file, "--data-dir", directory])).exitCode, 0);
    const { events: found } = await explained(idIn(json));
    const dead = found.find((event: { position: number }) => event.position === position);
    assert.deepEqual(dead.retried_as, { partition: 0, position: 6000 });
    assert.ok(
      found.some(
        (event: { position: number; verdict: string }) => event.position === 6000 && event.verdict !== "dead",
      ),
    );
  });
});
