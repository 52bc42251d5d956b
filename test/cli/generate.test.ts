import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { after, test } from "node:test";
import { generateTo } from "../../src/cli/generate.ts";
import { readOptions } from "../../src/cli/generate-options.ts";
import { LoanstreamError } from "../../src/errors.ts";
import { createRecordLine, createRecordStream } from "../../src/generator/records.ts";

const directory = mkdtempSync(join(tmpdir(), "loanstream-generate-"));
after(() => rmSync(directory, { recursive: true }));

function collector(): { readonly stream: Writable; text(): string } {
  const chunks: string[] = [];
  const write = (chunk: unknown, _encoding: unknown, done: () => void): void => {
    chunks.push(String(chunk));
    setImmediate(done);
  };
  return { stream: new Writable({ write, highWaterMark: 1 }), text: () => chunks.join("") };
}

test("as many events as asked for, the same on standard output as in a file", async () => {
  const out = join(directory, "events.ndjson");
  const { stream, text } = collector();
  assert.equal(await generateTo(stream, ["--events", "1500", "--seed", "4"]), 0);
  assert.equal(await generateTo(stream, ["--events", "1500", "--seed", "4", "--out", out]), 0);
  assert.equal(text().trimEnd().split("\n").length, 1500);
  assert.equal(text(), readFileSync(out, "utf8"));
  assert.equal(statSync(out).mode & 0o777, 0o600);
});

test("no event is asked for, none is written", async () => {
  const { stream, text } = collector();
  assert.equal(await generateTo(stream, ["--events", "0"]), 0);
  assert.equal(text(), "");
});

test("the truth names each application of the events once", async () => {
  const [out, truth] = [join(directory, "e.ndjson"), join(directory, "truth.ndjson")];
  await generateTo(collector().stream, ["--events", "4000", "--out", out, "--truth", truth]);
  const ids = (file: string) => readFileSync(file, "utf8").match(/(?<="application_id":")[^"]+/g) ?? [];
  assert.deepEqual(ids(truth), [...new Set(ids(out))]);
  assert.match(readFileSync(truth, "utf8"), /"scenario":"[a-z_]+"/);
});

test("a reader that goes away ends the writing quietly", async () => {
  const gone = Object.assign(new Error("write EPIPE"), { code: "EPIPE" });
  const stream = new Writable({ write: (_chunk, _encoding, done) => done(gone) });
  assert.equal(await generateTo(stream, ["--events", "100000"]), 0);
});

test("the truth says which records are bad in what way, and scenarios can be left out", async () => {
  const [out, truth] = [join(directory, "bad.ndjson"), join(directory, "bad-truth.ndjson")];
  const argv = ["--events", "3000", "--bad-share", "0.1", "--bad", "late,truncated", "--scenario", "none"];
  await generateTo(collector().stream, [...argv, "--out", out, "--truth", truth]);
  const lines = readFileSync(out, "utf8").trimEnd().split("\n");
  const truths = readFileSync(truth, "utf8")
    .trimEnd()
    .split("\n")
    .map((line): Record<string, unknown> => JSON.parse(line));
  const truncated = truths.filter(({ bad }) => bad === "truncated");
  assert.ok(truncated.length > 100);
  for (const { position } of truncated) assert.throws(() => JSON.parse(lines[Number(position)] ?? ""));
  assert.deepEqual(
    new Set(truths.map(({ bad }) => bad)),
    new Set([undefined, "late", "truncated", "duplicate"]),
  );
  assert.ok(truths.every(({ scenario }) => scenario === null || scenario === undefined));
});

test("paced events begin now, and come when their time has come", async () => {
  const out = join(directory, "paced.ndjson");
  const beganMs = Date.now();
  const options = ["--paced", "--rate", "400", "--rhythm", "flat", "--events", "100", "--out", out];
  assert.equal(await generateTo(collector().stream, options), 0);
  const times = readFileSync(out, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => Date.parse(JSON.parse(line).event_time));
  assert.equal(times.length, 100);
  assert.ok(times.every((timeMs) => timeMs > beganMs - 60_000 && timeMs <= Date.now()));
});

test("two paced starts a second apart send no event in common", () => {
  const idsFrom = (nowMs: number): readonly string[] => {
    const { records } = readOptions(["--paced", "--rate", "1000"], () => nowMs);
    const stream = createRecordStream(records);
    const line = createRecordLine();
    return Array.from({ length: 1000 }, () => {
      line.at = 0;
      stream.next(line);
      return JSON.parse(Buffer.from(line.bytes.subarray(0, line.at)).toString()).event_id;
    });
  };
  const nowMs = Date.UTC(2026, 5, 1);
  const first = new Set(idsFrom(nowMs));
  assert.ok(first.size > 950);
  assert.deepEqual(
    idsFrom(nowMs + 1000).filter((id) => first.has(id)),
    [],
  );
});

for (const [what, argv] of [
  ["rate", ["--rate", "-1"]],
  ["rate", ["--rate", "fast"]],
  ["rate", ["--rate", "1e3"]],
  ["rate", ["--rate", "10000001"]],
  ["start", ["--start", "2026-01-05T00:00:00"]],
  ["start", ["--start", "yesterdayZ"]],
  ["events", ["--events", "1.5"]],
  ["seed", ["--seed", "x"]],
  ["scenario", ["--scenario", "device_ring,arson"]],
  ["bad-share", ["--bad-share", "0.9"]],
  ["bad", ["--bad", "ugly"]],
  ["rhythm", ["--rhythm", "waltz"]],
  ["truth", ["--truth", "-"]],
  ["paced", ["--paced", "--start", "2026-01-05T00:00:00Z"]],
  ["out", ["--out", "kafka:a topic"]],
  ["out", ["--out", "kafka:"]],
] as const) {
  test(`${argv.join(" ")} is refused as bad usage`, async () => {
    await assert.rejects(
      () => generateTo(collector().stream, argv),
      (error) =>
        error instanceof LoanstreamError && error.exitCode === 2 && error.message.includes(`--${what}`),
    );
  });
}

test("a file that can't be written is named", async () => {
  const out = join(directory, "missing", "e.ndjson");
  await assert.rejects(
    () => generateTo(collector().stream, ["--events", "1", "--out", out]),
    (error) =>
      error instanceof LoanstreamError &&
      error.diagnostics[0].code === "file.unwritable" &&
      error.diagnostics[0].place.file === out,
  );
});
