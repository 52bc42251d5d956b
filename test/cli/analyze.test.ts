import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { readRecords } from "../../src/eventlog/files/read.ts";
import { createGenerator } from "../../src/generator/generator.ts";
import { loanstream } from "./command-line.ts";

const scratch = mkdtempSync(join(tmpdir(), "loanstream-analyze-"));
after(() => rmSync(scratch, { recursive: true }));

const startMs = Date.UTC(2026, 0, 5, 9);
const generated = createGenerator({ seed: 7, startMs, ratePerSecond: 5 })
  .take(1500)
  .map(({ json }) => json)
  .toArray();
const lines = ["not json", "", ...generated, '{"event_id": 3}'].join("\n");
const plain = join(scratch, "events.ndjson");
const packed = join(scratch, "events.ndjson.gz");
writeFileSync(plain, lines);
writeFileSync(packed, gzipSync(lines));

function files(directory: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), "utf8")]),
  );
}

const jsonLines = (text: string | undefined): unknown[] =>
  (text ?? "")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));

/** A Parquet file's rows as NDJSON. */
async function linesOf(path: string): Promise<string> {
  let text = "";
  const settings = { format: "json", leaves: [], stdin: Readable.from([]) } as const;
  for await (const { bytes } of readRecords([path], settings)) text += Buffer.from(bytes).toString();
  return text;
}

/** In Parquet an alert's key is JSON text. */
function withKeyRead(alert: unknown): unknown {
  assert.ok(typeof alert === "object" && alert !== null && "key" in alert);
  return { ...alert, key: JSON.parse(String(alert.key)) };
}

describe("analyze", () => {
  it("writes a file a table, the ledger, and the places of late and dead records", async () => {
    const out = join(scratch, "out");
    const { exitCode, stderr } = await loanstream(["analyze", plain, "--out", out]);
    assert.deepEqual([exitCode, stderr], [0, ""]);
    const written = files(out);
    const { source, tables } = JSON.parse(written["ledger.json"] ?? "");
    const names = [
      ...Object.keys(tables).map((table) => `${table}.ndjson`),
      "alerts.ndjson",
      "dlq.ndjson",
      "late.ndjson",
      "ledger.json",
    ];
    assert.deepEqual(Object.keys(written).sort(), names.sort());
    assert.equal(source.read, 1502);
    assert.equal(source.read, source.accepted + source.late + source.duplicate + source.dead);
    const dead = jsonLines(written["dlq.ndjson"]);
    assert.deepEqual(dead.length, source.dead);
    assert.deepEqual(dead.at(0), { partition: 0, position: 0, path: "$", reason: "expected an object" });
    assert.equal(jsonLines(written["risk_scores.ndjson"]).length, tables.risk_scores.used);
  });

  it("gives the same files for the same records, compressed or not", async () => {
    const outs = [join(scratch, "once"), join(scratch, "packed")];
    await loanstream(["analyze", plain, "--out", outs[0] ?? ""]);
    await loanstream(["analyze", packed, "--out", outs[1] ?? ""]);
    assert.deepEqual(files(outs[0] ?? ""), files(outs[1] ?? ""));
  });

  it("writes tables and alerts as Parquet that reads as the NDJSON does", async () => {
    const [asParquet, asLines] = [join(scratch, "parquet"), join(scratch, "lines")];
    await loanstream(["analyze", plain, "--out", asParquet, "--format", "parquet"]);
    await loanstream(["analyze", plain, "--out", asLines, "--format", "ndjson"]);
    const { "alerts.ndjson": alerts, ...lines } = files(asLines);
    const names = Object.keys(lines).filter((name) => !/^(?:late|dlq)\.ndjson$|ledger/.test(name));
    assert.ok(names.length >= 13);
    for (const name of names)
      assert.equal(await linesOf(join(asParquet, name.replace("ndjson", "parquet"))), lines[name], name);
    const raised = jsonLines(await linesOf(join(asParquet, "alerts.parquet")));
    assert.deepEqual(
      raised.map((alert) => withKeyRead(alert)),
      jsonLines(alerts),
    );
    for (const name of ["late.ndjson", "dlq.ndjson", "ledger.json"])
      assert.equal(readFileSync(join(asParquet, name), "utf8"), lines[name]);
  });

  it("refuses a format that it doesn't write, or without a directory to write to", async () => {
    for (const flags of [
      ["--format", "csv", "--out", join(scratch, "csv")],
      ["--format", "parquet"],
    ]) {
      const { exitCode, stderr } = await loanstream(["analyze", plain, ...flags]);
      assert.equal(exitCode, 2);
      assert.match(stderr, /^--format .*\[usage\.invalid\].*\n$/);
    }
  });

  it("prints sizes, first rows and the ledger without --out, and one JSON object with --json", async () => {
    const text = await loanstream(["analyze", plain]);
    assert.match(text.stdout, /^risk_scores: \d+ rows\nevent_id /m);
    assert.match(text.stdout, /^1,502 read = /m);
    assert.match(text.stdout, /^\d+ alerts?$/m);
    const { ledger, rows, alerts } = JSON.parse((await loanstream(["analyze", plain, "--json"])).stdout);
    assert.equal(ledger.source.read, 1502);
    assert.deepEqual(Object.keys(rows), Object.keys(ledger.tables));
    assert.ok(Object.values(alerts).every((count) => typeof count === "number"));
  });

  it("says why records are dead, the most frequent reason first", async () => {
    const path = join(scratch, "dead.ndjson");
    writeFileSync(path, `{"event_id": "E"}\n{}\n[]\n7\n"x"\n`);
    const { exitCode, stdout } = await loanstream(["analyze", path]);
    const why = stdout.split("\n").filter((line) => line.includes(" dead: "));
    assert.deepEqual(why.slice(0, 2), ["  3 dead: $ expected an object", "  1 dead: $.event_id not a UUID"]);
    assert.equal(exitCode, 0);
  });

  it("takes no CSV cell that is not UTF-8", async () => {
    const path = join(scratch, "latin1.csv");
    writeFileSync(path, Buffer.from("applicant.last_name\nRené\n", "latin1"));
    const { stdout } = await loanstream(["analyze", path]);
    assert.match(stdout, /^ {2}1 dead: \S+ not valid UTF-8$/m);
  });

  it("without a file is bad usage; with one that is missing it fails by its name", async () => {
    assert.equal((await loanstream(["analyze"])).exitCode, 2);
    const { exitCode, stderr } = await loanstream(["analyze", join(scratch, "absent")]);
    assert.equal(exitCode, 1);
    assert.match(stderr, /absent: there is no such file \[file\.unreadable\]/);
  });

  it("names the directory that can't be written", async () => {
    const { exitCode, stderr } = await loanstream(["analyze", plain, "--out", join(plain, "out")]);
    assert.equal(exitCode, 1);
    assert.match(
      stderr,
      /events\.ndjson\/out: it can't be written: a part of its path is a file \(ENOTDIR\) \[file\.unwritable\]/,
    );
  });
});
