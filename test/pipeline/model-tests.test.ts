/** Tests of the tests: what a test file may say, what is wrong with one, and how a failure reads. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { embeddedEngine } from "../../src/engine/embedded/engine.ts";
import { formatDiagnostic } from "../../src/errors.ts";
import type { PipelineFiles } from "../../src/pipeline/files.ts";
import { compilePipeline } from "../../src/pipeline/load.ts";
import { loadModelTests } from "../../src/pipeline/testing/model-tests.ts";
import { runModelTest } from "../../src/pipeline/testing/run.ts";

const SCHEMA = `
type: object
required: [id, time, kind]
properties:
  id: { type: string, format: uuid }
  time: { type: string, format: date-time }
  kind: { type: string, enum: [a, b] }
  rate: { type: number, minimum: 0, maximum: 1 }
  part: { type: object, properties: { n: { type: integer }, m: { type: integer } } }
`;
const EXAMPLES = "first: { time: 2026-01-01T00:00:00.000Z, kind: a, rate: 0.5, part: { n: 1, m: 2 } }\n";
const MODELS = {
  rows: "SELECT id, time, kind, rate, part.n, part.m, array(part.n, part.m) AS both FROM events",
  halves: "SELECT id, rate / 2 AS half FROM rows WHERE rate > 0",
  minutes:
    "SELECT window.start AS window_start, window.end AS window_end, kind, count(*) AS events FROM rows GROUP BY window(time, '1 minute'), kind",
};

interface Texts {
  readonly tests?: string;
  readonly examples?: string | null;
}

/** A folder whose model `rows`, or another, has this test file. */
function folder(model: string, { tests = "tests: []\n", examples = EXAMPLES }: Texts): PipelineFiles {
  return {
    directory: "small",
    settings: {
      path: "pipeline.yaml",
      text: "source: { event_time: time, event_id: id }\noutputs: { all: { tables: { rows: append, minutes: update } } }\n",
    },
    schema: { path: "schema.yaml", text: SCHEMA },
    models: Object.entries(MODELS).map(([name, text]) => ({ path: `models/${name}.sql`, text })),
    scorecards: [],
    reasons: null,
    alerts: null,
    descriptions: [],
    tests: [{ path: `models/${model}.test.yaml`, text: tests }],
    examples: examples === null ? null : { path: "examples.yaml", text: examples },
  };
}

function loaded(files: PipelineFiles) {
  const { pipeline, diagnostics } = compilePipeline(files);
  assert.ok(pipeline, diagnostics.map(formatDiagnostic).join("\n"));
  return { pipeline, ...loadModelTests(files, pipeline) };
}

/** What a file's tests come to: for each the differences, `line: text`. */
async function outcome(model: string, tests: string): Promise<readonly (readonly string[])[]> {
  const { pipeline, tests: found, diagnostics } = loaded(folder(model, { tests }));
  assert.deepEqual(diagnostics.map(formatDiagnostic), []);
  const results = await Promise.all(found.map((one) => runModelTest(pipeline, one, embeddedEngine)));
  return results.map(({ differences }) => differences.map(({ place, text }) => `${place.line}: ${text}`));
}

async function holds(model: string, tests: string): Promise<void> {
  assert.deepEqual(await outcome(model, tests), [[]]);
}

function mistakes(model: string, texts: Texts): readonly string[] {
  return loaded(folder(model, texts)).diagnostics.map(
    ({ code, message, place }) => `${place.file}:${place.line}:${place.column}: ${message} [${code}]`,
  );
}

describe("a test", () => {
  test("starts from an example, changed by `with` field by field, null removing one", () =>
    holds(
      "rows",
      `tests:
  - name: merged
    given:
      - base: first
      - { base: first, with: { kind: b, part: { m: 7 } } }
      - { base: first, with: { part: { n: null }, rate: null } }
    expect:
      - { n: 1, m: 2, both: [1, 2] }
      - { kind: b, n: 1, m: 7, rate: 0.5 }
      - { kind: a, n: null, m: 2, rate: null }
`,
    ));

  test("gives each event an id by its number and, by `at`, its time", () =>
    holds(
      "rows",
      `tests:
  - name: identified
    given:
      - { base: first, at: 2026-01-01T00:00:10Z }
      - { base: first, with: { id: 9f000000-0000-4000-8000-000000000000 } }
      - { base: first, at: 2026-01-01T00:00:20.5Z, repeat: 2, every: 1 second }
    expect:
      - { id: 00000000-0000-4000-8000-000000000001, time: 2026-01-01T00:00:10.000Z }
      - { id: 9f000000-0000-4000-8000-000000000000, time: 2026-01-01T00:00:00Z }
      - { id: 00000000-0000-4000-8000-000000000003, time: 2026-01-01T00:00:20.500Z }
      - { id: 00000000-0000-4000-8000-000000000004, time: 2026-01-01T00:00:21.500Z }
`,
    ));

  test("counts what is late, duplicate and dead, by ingest time too", () =>
    holds(
      "minutes",
      `tests:
  - name: refused
    given:
      - { base: first, at: 2026-01-01T00:05:00Z }
      - { base: first, at: 2026-01-01T00:04:00Z }
      - { base: first, at: 2026-01-01T00:05:00Z, with: { id: 00000000-0000-4000-8000-000000000001 } }
      - { base: first, at: 2026-01-01T01:06:00Z, ingested: 2026-01-01T00:05:30Z }
      - raw: '{"broken'
    expect:
      - { window_start: 2026-01-01T00:05:00Z, window_end: 2026-01-01T00:06:00Z, events: 1 }
    ledger: { late: 1, duplicate: 1, dead: 2 }
`,
    ));

  test("may be of an intermediate model", () =>
    holds(
      "halves",
      `tests:
  - name: nothing has no half
    given: [{ base: first }, { base: first, with: { rate: 0 } }]
    expect: [{ half: 0.25 }]
`,
    ));

  test("gives each expected row a row of its own, whichever columns it names", () =>
    holds(
      "rows",
      `tests:
  - name: matched
    given: [{ base: first, with: { kind: b } }, { base: first, with: { rate: 0.25 } }, { base: first }]
    expect: [{}, { kind: a }, { rate: 0.25 }]
`,
    ));

  test("compares doubles exactly, or within its tolerance", async () => {
    const text = (more: string) => `tests:
  - name: a tenth
    given: [{ base: first, with: { rate: 0.1 } }]
    expect: [{ half: 0.05000001 }]${more}
`;
    assert.deepEqual(await outcome("halves", text("")), [["4: half  expected 0.05000001, found 0.05"]]);
    await holds("halves", text("\n    tolerance: 0.000001"));
  });

  test("looks only at the rows with the values of where", async () => {
    const text = (kind: string) => `tests:
  - name: one kind
    given: [{ base: first }, { base: first, with: { kind: b, rate: null } }, { base: first, with: { kind: b } }]
    where: { kind: b, rate: null }
    expect: [{ kind: ${kind}, n: 1 }]
`;
    await holds("rows", text("b"));
    assert.deepEqual(await outcome("rows", text("a")), [["5: kind  expected a, found b"]]);
  });

  test("of nothing holds where there is nothing", () =>
    holds("rows", "tests: [{ name: empty, given: [], expect: [] }]\n"));
});

describe("a failing test", () => {
  test("shows each row that differs column by column, beside the nearest, then what is missing or too much", async () => {
    const text = `tests:
  - name: wrong
    given: [{ base: first }, { base: first, with: { kind: b } }]
    expect:
      - { kind: a, n: 2, rate: null }
      - { kind: b, n: 1 }
      - { kind: b, m: 3 }
  - name: too much
    given: [{ base: first, with: { rate: null } }]
    expect: []
`;
    const found =
      "{ id: 00000000-0000-4000-8000-000000000001, time: 2026-01-01T00:00:00.000Z, kind: a, rate: null, n: 1, m: 2, both: [1, 2] }";
    assert.deepEqual(await outcome("rows", text), [
      [
        "5: n     expected 2, found 1\nrate  expected null, found 0.5",
        "7: expected and not found: { kind: b, m: 3 }",
      ],
      [`8: found and not expected: ${found}`],
    ]);
  });

  test("tells of every record that was not accepted without being expected, and why it is dead", async () => {
    const text = `tests:
  - name: dead
    given: [{ base: first, with: { kind: c } }]
    expect: []
`;
    assert.deepEqual(await outcome("rows", text), [
      [
        "2: dead: expected 0 records, found 1\n  record 1 is dead: $.kind: none of the values listed in the schema",
      ],
    ]);
  });
});

describe("a mistake in a test file is reported with its place", () => {
  const oneTest = (given: string, expected: string) =>
    `tests:\n  - name: one\n    given:\n      - ${given}\n    expect:\n      - ${expected}\n`;

  test("an unknown example, column, key", () => {
    assert.deepEqual(mistakes("rows", { tests: oneTest("base: frist", "{ kinds: a }") }), [
      "models/rows.test.yaml:4:15: there is no example frist [test.unknown-base]",
      "models/rows.test.yaml:6:18: the model has no column kinds [sql.unknown-column]",
    ]);
    assert.deepEqual(mistakes("rows", { tests: oneTest("{ base: first, on: now }", "{}") }), [
      'models/rows.test.yaml:4:24: the key "on" is not known here [yaml.unknown-key]',
    ]);
  });

  test("a value of another type than the column's", () => {
    const wrong = "{ kind: 1, rate: high, n: 1.5, time: today, both: 1 }";
    assert.deepEqual(mistakes("rows", { tests: oneTest("base: first", wrong) }), [
      "models/rows.test.yaml:6:17: expected a text, found a number [yaml.wrong-type]",
      "models/rows.test.yaml:6:26: expected a number, found a text [yaml.wrong-type]",
      "models/rows.test.yaml:6:35: expected a whole number [yaml.wrong-value]",
      "models/rows.test.yaml:6:46: this is no time in UTC [yaml.wrong-value]",
      "models/rows.test.yaml:6:59: expected a list, found a number [yaml.wrong-type]",
    ]);
  });

  test("a record of two lines, a record with a base", () => {
    assert.deepEqual(mistakes("rows", { tests: oneTest('raw: "a\\nb"', "{}") }), [
      "models/rows.test.yaml:4:14: a record is one line of text [yaml.wrong-value]",
    ]);
    assert.deepEqual(mistakes("rows", { tests: oneTest("{ raw: x, base: first }", "{}") }), [
      'models/rows.test.yaml:4:9: "raw" is the whole record, beside "base" [yaml.wrong-value]',
    ]);
  });

  test("two tests of one name, tests of no model", () => {
    const two = "tests: [{ name: one, given: [], expect: [] }, { name: one, given: [], expect: [] }]\n";
    assert.deepEqual(mistakes("rows", { tests: two }), [
      'models/rows.test.yaml:1:47: the test "one" stands twice [yaml.wrong-value]',
    ]);
    assert.deepEqual(mistakes("row", {}), [
      "models/row.test.yaml:1:1: there is no model row to test [model.unknown]",
    ]);
  });

  test("an example that the schema refuses, at the field", () => {
    const examples =
      "good: { time: 2026-01-01T00:00:00.000Z, kind: a }\nbad:\n  time: 2026-01-01T00:00:00.000Z\n  kind: c\n";
    assert.deepEqual(mistakes("rows", { examples }), [
      "examples.yaml:4:9: $.kind of this example doesn't fit the schema: none of the values listed in the schema [test.invalid-example]",
    ]);
    assert.deepEqual(mistakes("rows", { tests: oneTest("base: first", "{}"), examples: null }), [
      "models/rows.test.yaml:4:15: there is no example first [test.unknown-base]",
    ]);
  });
});
