import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fingerprint } from "../../src/pipeline/fingerprint.ts";
import { compilePipeline } from "../../src/pipeline/load.ts";
import type { Pipeline } from "../../src/pipeline/pipeline.ts";
import { sourceObjections } from "../../src/pipeline/source-change.ts";
import { folderOf } from "./folder.ts";

const SCHEMA = `
type: object
required: [id, at, type]
properties:
  id: { type: string, maxLength: 10 }
  at: { type: string, format: date-time }
  other_at: { type: string, format: date-time }
  type: { type: string, enum: [a, b] }
  n: { type: integer, minimum: 0, maximum: 9 }
  free: { type: string }
  loan:
    type: object
    required: [amount]
    properties:
      amount: { type: integer }
      term: { type: integer }
allOf:
  - if: { properties: { type: { const: a } } }
    then: { required: [n] }
`;

function pipelineOf(schema: string, source = "event_time: at, event_id: id"): Pipeline {
  const settings = `source: { ${source} }\noutputs:\n  all:\n    tables: { rows: append }\n`;
  const files = folderOf({ settings });
  const { pipeline, diagnostics } = compilePipeline({
    ...files,
    schema: { ...files.schema, text: schema },
    models: [{ path: "models/rows.sql", text: "SELECT _position, id, n FROM events" }],
  });
  assert.ok(pipeline, JSON.stringify(diagnostics));
  return pipeline;
}

const before = pipelineOf(SCHEMA);
const edited = (from: string, to: string): string => {
  assert.ok(SCHEMA.includes(from), from);
  return SCHEMA.replace(from, to);
};

describe("a pipeline goes on after a change of its schema by which", () => {
  const changes: Readonly<Record<string, string>> = {
    "nothing but a description is another": edited("maxLength: 10 }", "maxLength: 10, description: x }"),
    "a field is new and may be left out": edited("  free:", "  fresh: { type: boolean }\n  free:"),
    "a field is gone": edited("  free: { type: string }\n", ""),
    "bounds are wider, or gone": edited("minimum: 0, maximum: 9", "maximum: 10"),
    "texts may be longer": edited("maxLength: 10", "maxLength: 11"),
    "a value is possible that wasn't": edited("[a, b]", "[a, b, c]"),
    "any text is possible": edited(", enum: [a, b]", ""),
    "a field may be left out that was required": edited("    required: [amount]\n", ""),
    "an object is new, whatever it requires": edited(
      "  loan:",
      "  more: { type: object, required: [x], properties: { x: { type: integer } } }\n  loan:",
    ),
    "a value that is new requires a field": `${edited("[a, b]", "[a, b, c]")}  - if: { properties: { type: { const: c } } }
    then: { required: [free] }
`,
  };
  for (const [what, schema] of Object.entries(changes))
    test(what, () => assert.deepEqual(sourceObjections(before, pipelineOf(schema)), []));
});

describe("a pipeline doesn't go on after a change of its schema by which", () => {
  const changes: Readonly<Record<string, readonly [schema: string, objection: string]>> = {
    "a bound is narrower": [edited("maximum: 9", "maximum: 8"), "n has a narrower maximum"],
    "there is a bound where there was none": [
      edited("amount: { type: integer }", "amount: { type: integer, minimum: 1 }"),
      "loan.amount has a narrower minimum",
    ],
    "texts must be shorter": [edited("maxLength: 10", "maxLength: 9"), "id has a narrower maxLength"],
    "a value is gone": [edited("enum: [a, b]", "enum: [a]"), "type has a narrower enum"],
    "values are listed of any text": [
      edited("free: { type: string }", "free: { type: string, enum: [x] }"),
      "free has a narrower enum",
    ],
    "a type is another": [
      edited("free: { type: string }", "free: { type: number }"),
      "free has another type or format",
    ],
    "a format is another": [
      edited("free: { type: string }", "free: { type: string, format: uuid }"),
      "free has another type or format",
    ],
    "a value is an object": [
      edited("free: { type: string }", "free: { type: object, properties: { x: { type: string } } }"),
      "free is an object, was a value",
    ],
    "an object is a value": [
      SCHEMA.replace(/ {2}loan:.*term: [^\n]*\n/s, "  loan: { type: integer }\n"),
      "loan is a value, was an object",
    ],
    "a field is required": [
      edited("[id, at, type]", "[id, at, type, free]"),
      "free is required where it was not",
    ],
    "a field of an object is required": [
      edited("[amount]", "[amount, term]"),
      "loan.term is required where it was not",
    ],
    "a field is required of more events": [
      edited("{ const: a }", "{ enum: [a, b] }"),
      "n is required where it was not",
    ],
    "a required field is new": [
      edited("[id, at, type]", "[id, at, type, fresh]").replace(
        "  free:",
        "  fresh: { type: boolean }\n  free:",
      ),
      "fresh is required where it was not",
    ],
  };
  for (const [what, [schema, objection]] of Object.entries(changes))
    test(what, () => assert.deepEqual(sourceObjections(before, pipelineOf(schema)), [objection]));
});

test("another field as time or id of events is no way to go on, another delay is", () => {
  const required = SCHEMA.replace("[id, at, type]", "[id, at, type, other_at]");
  assert.deepEqual(
    sourceObjections(pipelineOf(required), pipelineOf(required, "event_time: other_at, event_id: id")),
    ["source.event_time is other_at, was at"],
  );
  assert.deepEqual(sourceObjections(before, pipelineOf(SCHEMA, "event_time: at")), [
    "source.event_id is left out, was id",
  ]);
  assert.deepEqual(sourceObjections(before, { ...before, delayMs: 1 }), []);
});

test("a schema that has another field makes another pipeline", () => {
  const after = pipelineOf(edited("  free:", "  fresh: { type: boolean }\n  free:"));
  assert.notEqual(fingerprint(after), fingerprint(before));
});
