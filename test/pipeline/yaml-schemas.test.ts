/** The JSON Schemas that editors check a pipeline's files by, against the loaders that have the last word. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { parse } from "yaml";
import type { PipelineFiles, TextFile } from "../../src/pipeline/files.ts";
import { compilePipeline } from "../../src/pipeline/load.ts";
import { loadModelTests } from "../../src/pipeline/testing/model-tests.ts";
import { schemaOf, withSchemaLine } from "../../src/pipeline/yaml-schemas.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const ajv = new Ajv2020({
  allErrors: true,
  strict: true,
  strictRequired: false,
  strictTypes: false,
  strictTuples: false,
});
const validators = new Map<string, ValidateFunction>(
  globSync("schemas/*.json", { cwd: root }).map((path) => [
    basename(path),
    ajv.compile(JSON.parse(readFileSync(join(root, path), "utf8"))),
  ]),
);

/** What the schema of a pipeline's file says against a text. */
function faults(name: string, text: string): readonly string[] {
  const validate = validators.get(schemaOf(name) ?? "");
  assert.ok(validate, `no schema is for ${name}`);
  if (validate(parse(text, { stringKeys: true }))) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

describe("every file fits its schema", () => {
  for (const directory of ["pipeline", "examples/german-credit"])
    for (const name of globSync("**/*.yaml", { cwd: join(root, directory) }).sort())
      test(`${directory}/${name}`, () => {
        assert.deepEqual(faults(name, readFileSync(join(root, directory, name), "utf8")), []);
      });
});

const FILES = {
  "pipeline.yaml": `
source: { event_time: time, event_id: id, key: id, topic: events.in, format: json }
delay: 60 seconds
trigger: 1 second
log: { retention: 7 days, max_size: 10 GB }
topics:
  replication: 3
  input: { partitions: 3, retention: 7 days }
  outputs: { partitions: 3, retention: 7 days }
  alerts: { partitions: 1, retention: 30 days }
  late: { partitions: 1 }
  dlq: { retention: 2 days }
currency: USD
time_zone: UTC
outputs:
  all:
    topic: all
    tables:
      rows: append
`,
  "schema.yaml": `
$schema: https://json-schema.org/draft/2020-12/schema
type: object
required: [id, time, kind, part]
properties:
  id: { type: string, format: uuid, description: Identity. }
  time: { type: string, format: date-time }
  sent: { type: integer, x-format: epoch-millis }
  kind: { type: string, enum: [a, b] }
  rate: { type: [number, "null"], minimum: 0, maximum: 1, x-unit: share of 1 }
  note: { type: string, maxLength: 10, x-pii: mask, x-protected: true }
  flag: { type: boolean }
  tags: { type: array, items: { type: string, enum: [x, y] } }
  part: { type: object, required: [n], properties: { n: { type: integer, minimum: 0 }, m: { type: integer } } }
allOf:
  - if: { properties: { kind: { const: b } }, required: [kind] }
    then: { required: [flag], properties: { part: { required: [m] } } }
`,
  "reasons.yaml": "credit: { few: Too few, none: { text: None, columns: [] } }\nfraud: {}\n",
  "examples.yaml": "first: { time: 2026-01-01T00:00:00.000Z, kind: a, part: { n: 1 } }\n",
  "alerts.yaml": `
high:
  table: rows
  when: rate > 0.5
  severity: warning
  message: "{kind} is high"
`,
  "scorecards/risk.yaml": `
description: Risk
direction: higher_is_safer
purpose: credit
when: kind = 'a'
start_points: 400
base_points: 600
base_odds: 50
points_to_double_odds: 20
bands:
  - { name: low }
  - { name: high, from: 500 }
reasons: below_mean
characteristics:
  - name: rate
    value: rate
    reason: few
    mean_points: 7.5
    bins:
      - { null: true, points: 1 }
      - { when: rate < 0.5, points: 5 }
      - { else: true, points: 9, reason: null }
`,
  "models/rows.yaml": `
description: A row an event.
columns:
  id: { description: Identity. }
  kind: { description: Kind. }
  rate: { description: Rate., unit: share of 1 }
`,
  "models/rows.test.yaml": `
tests:
  - name: an event is a row
    given:
      - { base: first, at: 2026-01-01T00:00:10Z, ingested: 2026-01-01T00:00:11Z, repeat: 2, every: 1 second }
      - { base: first, with: { kind: b, rate: 0.25, flag: true, part: { m: 1 } } }
      - raw: '{"broken'
    expect:
      - { kind: a }
      - { kind: a, rate: null }
      - { kind: b, rate: 0.25 }
    ledger: { dead: 1 }
    tolerance: 0
`,
} as const;
type Name = keyof typeof FILES;
const NAMES = Object.keys(FILES).filter((name): name is Name => name in FILES);

function folder(texts: Readonly<Record<Name, string>>): PipelineFiles {
  const file = (name: Name): TextFile => ({ path: name, text: texts[name] });
  const models = {
    applications: "SELECT id, kind, rate FROM events",
    rows: "SELECT id, kind, rate FROM applications",
  };
  return {
    directory: "small",
    settings: file("pipeline.yaml"),
    schema: file("schema.yaml"),
    models: Object.entries(models).map(([name, text]) => ({ path: `models/${name}.sql`, text })),
    scorecards: [file("scorecards/risk.yaml")],
    reasons: file("reasons.yaml"),
    alerts: file("alerts.yaml"),
    descriptions: [file("models/rows.yaml")],
    tests: [file("models/rows.test.yaml")],
    examples: file("examples.yaml"),
  };
}

/** What the loaders say of the small pipeline with one of its files exchanged. */
function complaints(name: Name, text: string): readonly string[] {
  const files = folder({ ...FILES, [name]: text });
  const { pipeline, diagnostics } = compilePipeline(files);
  const found = pipeline ? loadModelTests(files, pipeline).diagnostics : diagnostics;
  return found.map(({ code, message, place }) => `${place.file}: ${code} ${message}`);
}

describe("what the loaders accept, the schema accepts", () => {
  for (const name of NAMES)
    test(name, () => {
      assert.deepEqual(complaints(name, FILES[name]), []);
      assert.deepEqual(faults(name, FILES[name]), []);
    });
});

/** Each replaces a part of the file by one that is wrong in its structure. */
const MISTAKES: Readonly<Record<Name, readonly (readonly [part: string, wrong: string])[]>> = {
  "pipeline.yaml": [
    ["delay: 60", "dealy: 60"],
    ["delay: 60 seconds", "delay: 60"],
    ["60 seconds", "a minute"],
    ["60 seconds", "2 months"],
    ["format: json", "format: avro"],
    ["rows: append", "rows: upsert"],
    ["rows: append", "rows: { emit: append }"],
    ["    tables:\n      rows: append", "    tabels: {}"],
    ["source:", "sources:"],
    ["outputs:", "output:"],
    ["topic: all", "topic: [all]"],
    ["topic: all", "topic: all rows"],
    ["topic: events.in", "topic: events/in"],
    ["key: id", "key: [id]"],
    ["currency: USD", "currency: 7"],
    ["retention: 7 days", "retention: 7d"],
    ["max_size: 10 GB", "max_size: 10 GiB"],
    ["max_size: 10 GB", "max_size: 0 GB"],
    ["max_size: 10 GB", "max_bytes: 10 GB"],
  ],
  "schema.yaml": [
    ["type: object", "type: array"],
    ["type: boolean", "type: bool"],
    ["type: boolean", "type: [boolean, string]"],
    ["{ type: boolean }", "{ description: A flag. }"],
    ["{ type: boolean }", "{ type: boolean, maximum: 1 }"],
    ["maxLength: 10", "pattern: ^x$"],
    ["maxLength: 10", "maxLength: ten"],
    ["maxLength: 10", "maxLength: -1"],
    ["maximum: 1,", "exclusiveMaximum: 1,"],
    ["minimum: 0 }", "minimum: 0.5 }"],
    ["format: uuid", "format: email"],
    ["format: uuid", "format: uuid, maxLength: 36"],
    ["x-format: epoch-millis", "x-format: epoch-seconds"],
    ["enum: [a, b]", "enum: []"],
    ["enum: [a, b]", "enum: [a, 1]"],
    ["enum: [a, b]", "enum: [a, b], const: a"],
    ["x-pii: mask", "x-pii: hide"],
    ["x-protected: true", "x-protected: maybe"],
    ["items: { type: string, enum: [x, y] }", "items: { type: integer }"],
    [", items: { type: string, enum: [x, y] }", ""],
    ["  flag:", "  1flag:"],
    ["allOf:", "oneOf:"],
    ["then:", "else:"],
    ["const: b } }", "const: b }, flag: { const: a } }"],
    ["properties: { n: {", "additionalProperties: false, properties: { n: {"],
  ],
  "reasons.yaml": [
    ["none: { text: None, columns: [] }", "none: { text: None }"],
    ["columns: []", "columns: x"],
    ["fraud: {}", "frauds: {}"],
    ["few: Too few", "few: 1"],
    ["{ few: Too few, none: { text: None, columns: [] } }", "[few]"],
  ],
  "examples.yaml": [
    ["{ time: 2026-01-01T00:00:00.000Z, kind: a, part: { n: 1 } }", "text"],
    ["first: ", "- first: "],
  ],
  "alerts.yaml": [
    ["high:", "High-rate:"],
    ["table: rows", "tables: rows"],
    ["severity: warning", "severity: bad"],
    ["when: rate > 0.5", "when: true"],
    ['  message: "{kind} is high"', ""],
  ],
  "scorecards/risk.yaml": [
    ["direction: higher_is_safer", "direction: up"],
    ["purpose: credit", "purpose: sales"],
    ["base_odds: 50", "base_odds: 0"],
    ["base_points: 600", "base_points: 600.5"],
    ["base_points: 600\n", ""],
    ["start_points", "starting_points"],
    ["{ name: low }", "{ name: low, from: 0 }"],
    ["{ name: high, from: 500 }", "{ name: high }"],
    ["reasons: below_mean", "reasons: worst"],
    ["reasons: below_mean", "reasons: below_mean_at_cutoff"],
    ["    mean_points: 7.5\n", ""],
    ["{ null: true, points: 1 }", "{ null: false, points: 1 }"],
    ["      - { null: true, points: 1 }\n", ""],
    ["      - { else: true, points: 9, reason: null }\n", ""],
    ["{ else: true, points: 9, reason: null }", "{ else: true, when: rate > 0, points: 9 }"],
    ["{ else: true, points: 9, reason: null }", "{ else: true }"],
    ["points: 5", "points: 5.5"],
    ["    reason: few\n", ""],
  ],
  "models/rows.yaml": [
    ["description: A row an event.\n", ""],
    ["{ description: Kind. }", "Kind."],
    ["{ description: Kind. }", "{ unit: kinds }"],
    ["unit: share of 1", "units: share of 1"],
    ["columns:", "column:"],
  ],
  "models/rows.test.yaml": [
    ["tests:", "test:"],
    ["name: an event is a row", "title: an event is a row"],
    ["given:", "when:"],
    ["expect:", "expected:"],
    ["    expect:", "    where: [kind]\n    expect:"],
    ["base: first, at", "at"],
    ["at: 2026-01-01T00:00:10Z", "at: 2026-01-01 00:00:10"],
    ["at: 2026-01-01T00:00:10Z", "at: 10"],
    ["repeat: 2, every: 1 second", "every: 1 second"],
    ["repeat: 2", "repeat: 0"],
    ["repeat: 2", "repeat: 1.5"],
    ["with: { kind: b, rate: 0.25, flag: true, part: { m: 1 } }", "with: [kind]"],
    ["raw: '{\"broken'", "{ raw: '{\"broken', base: first }"],
    ["raw: '{\"broken'", "raw: 1"],
    ["dead: 1", "died: 1"],
    ["dead: 1", "dead: one"],
    ["tolerance: 0", "tolerance: -1"],
    ["- { kind: b, rate: 0.25 }", "- [b, 0.25]"],
  ],
};

describe("what the loaders refuse in the structure of a file, the schema refuses", () => {
  for (const name of NAMES)
    test(name, () => {
      for (const [part, wrong] of MISTAKES[name]) {
        const text = FILES[name].replace(part, wrong);
        assert.notEqual(text, FILES[name], `there is no ${part}`);
        assert.notDeepEqual(complaints(name, text), [], `the loader accepts ${wrong}`);
        assert.notDeepEqual(faults(name, text), [], `the schema accepts ${wrong}`);
      }
    });
});

test("a file's first line names its schema by a path within the folder, once", () => {
  const name = "models/risk/risk_scores.test.yaml";
  const first = "# yaml-language-server: $schema=../../schemas/model-test.json\n";
  assert.equal(withSchemaLine("tests: []\n", name), `${first}tests: []\n`);
  assert.equal(withSchemaLine(`${first}tests: []\n`, name), `${first}tests: []\n`);
  assert.match(withSchemaLine("", "pipeline.yaml"), /\$schema=\.\/schemas\/pipeline\.json\n$/);
});
