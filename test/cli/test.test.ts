import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { loanstream } from "./command-line.ts";

const FILES: Readonly<Record<string, string>> = {
  "pipeline.yaml":
    "source: { event_time: time, event_id: id }\noutputs: { all: { tables: { counts: update } } }\n",
  "schema.yaml": `
type: object
required: [id, time, kind]
properties:
  id: { type: string, format: uuid }
  time: { type: string, format: date-time }
  kind: { type: string, enum: [a, b] }
`,
  "examples.yaml": "first: { time: 2026-01-01T00:00:00.000Z, kind: a }\n",
  "models/counts.sql":
    "SELECT window.start AS window_start, window.end AS window_end, kind, count(*) AS events FROM kinds GROUP BY window(time, '1 minute'), kind\n",
  "models/counts.test.yaml": `tests:
  - name: kinds are counted by themselves
    given: [{ base: first, repeat: 2 }, { base: first, with: { kind: b } }]
    expect: [{ kind: a, events: 2 }, { kind: b, events: 1 }]
`,
  "models/kinds.sql": "SELECT time, kind FROM events\n",
  "models/kinds.test.yaml": `tests:
  - name: the kind stays
    given: [{ base: first }]
    expect:
      - { kind: a }
`,
};

function folder(t: TestContext, changes: Readonly<Record<string, string>> = {}): string {
  const directory = mkdtempSync(join(tmpdir(), "loanstream-"));
  t.after(() => rmSync(directory, { recursive: true }));
  for (const [name, text] of Object.entries({ ...FILES, ...changes })) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  return directory;
}

const WRONG = { "models/kinds.test.yaml": FILES["models/kinds.test.yaml"]!.replace("kind: a", "kind: b") };

describe("test", () => {
  test("prints a line a test, intermediate models' too, and exits with 0 if all hold", async (t) => {
    const { exitCode, stdout, stderr } = await loanstream(["test", "--pipeline", folder(t)]);
    assert.equal(stdout, "ok    counts: kinds are counted by themselves\nok    kinds: the kind stays\n");
    assert.equal(stderr, "2 passed, 0 failed (embedded).\n");
    assert.equal(exitCode, 0);
  });

  test("shows what differs, where, and exits with 1", async (t) => {
    const directory = folder(t, WRONG);
    const { exitCode, stdout, stderr } = await loanstream(["test", "--pipeline", directory]);
    assert.equal(exitCode, 1);
    assert.equal(stderr, "1 passed, 1 failed (embedded).\n");
    const difference = `      ${directory}/models/kinds.test.yaml:5\n        kind  expected b, found a\n`;
    assert.ok(stdout.endsWith(`FAIL  kinds: the kind stays\n${difference}`), stdout);
  });

  test("runs the tests of the models named only", async (t) => {
    const { exitCode, stdout } = await loanstream(["test", "counts", "--pipeline", folder(t, WRONG)]);
    assert.deepEqual(
      { exitCode, stdout },
      { exitCode: 0, stdout: "ok    counts: kinds are counted by themselves\n" },
    );
  });

  test("with --json prints an object a test", async (t) => {
    const directory = folder(t, WRONG);
    const { stdout } = await loanstream(["test", "kinds", "--json", "--pipeline", directory]);
    assert.deepEqual(JSON.parse(stdout), {
      ...{ model: "kinds", name: "the kind stays", file: `${directory}/models/kinds.test.yaml`, line: 2 },
      passed: false,
      differences: [{ line: 5, text: "kind  expected b, found a" }],
    });
  });

  test("runs nothing if a test file has a mistake, and exits with 2", async (t) => {
    const mistaken = FILES["models/kinds.test.yaml"]!.replace("base: first", "base: frist");
    const directory = folder(t, { "models/kinds.test.yaml": mistaken });
    const { exitCode, stdout, stderr } = await loanstream(["test", "--pipeline", directory]);
    assert.deepEqual({ exitCode, stdout }, { exitCode: 2, stdout: "" });
    assert.equal(
      stderr,
      `${directory}/models/kinds.test.yaml:3:21: there is no example frist [test.unknown-base]. Write first.\n`,
    );
  });

  test("of a mistake in a test file check tells too", async (t) => {
    const mistaken = FILES["models/kinds.test.yaml"]!.replace("{ kind: a }", "{ kinds: a }");
    const directory = folder(t, { "models/kinds.test.yaml": mistaken });
    const { exitCode, stdout } = await loanstream(["check", "--pipeline", directory]);
    assert.equal(exitCode, 2);
    assert.match(stdout, /kinds\.test\.yaml:5:18: the model has no column kinds \[sql\.unknown-column\]/);
  });

  test("names the nearest model that has tests", async (t) => {
    const { exitCode, stderr } = await loanstream(["test", "count", "--pipeline", folder(t)]);
    assert.equal(exitCode, 2);
    assert.match(stderr, /no test is of count; did you mean counts\? \[usage\.invalid\]/);
  });

  test("refuses an engine that it doesn't know", async (t) => {
    const { exitCode, stderr } = await loanstream(["test", "--engine", "flink", "--pipeline", folder(t)]);
    assert.equal(exitCode, 2);
    assert.match(stderr, /--engine takes embedded or spark, not "flink"/);
  });
});
