import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parse } from "yaml";
import { createGenerator } from "../../src/generator/generator.ts";
import { loadPipeline } from "../../src/pipeline/load.ts";
import { topicsOf } from "../../src/topics/topic-list.ts";
import { loanstream } from "./command-line.ts";

const pipeline = loadPipeline(fileURLToPath(new URL("../../pipeline", import.meta.url)));
type Document = Record<string, Record<string, Record<string, unknown>>>;

async function printed(...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await loanstream(["schema", ...args]);
  assert.equal(stderr, "");
  assert.equal(exitCode, 0);
  return stdout;
}

test("schema prints a definition for each table and for alerts, and one of them by name", async () => {
  const { $schema, $defs } = JSON.parse(await printed());
  assert.equal($schema, "https://json-schema.org/draft/2020-12/schema");
  assert.deepEqual(Object.keys($defs), [...pipeline.tables.map(({ name }) => name), "alerts"]);
  assert.deepEqual(JSON.parse(await printed("--table", "risk_scores")), { $schema, ...$defs.risk_scores });
});

test("schema of a table that isn't there names the nearest", async () => {
  const { exitCode, stderr } = await loanstream(["schema", "--table", "risk_score"]);
  assert.equal(exitCode, 2);
  assert.match(stderr, /there is no table risk_score .*risk_scores\.\n$/);
});

/** What `$ref`s point to. */
function resolved(document: unknown, reference: string): unknown {
  const path = reference.replace(/^#\//, "").split("/");
  return path.reduce<unknown>((at, name) => Reflect.get(Object(at), name), document);
}

function referencesIn(value: unknown): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, each]) =>
    name === "$ref" ? [String(each)] : referencesIn(each),
  );
}

test("AsyncAPI has a channel a topic, whose messages and operations are there", async () => {
  const document: Document = parse(await printed("--asyncapi"));
  const { asyncapi, info, channels = {}, operations = {}, components = {} } = document;
  assert.equal(asyncapi, "3.0.0");
  assert.deepEqual(Object.keys(info ?? {}), ["title", "version", "description"]);
  const topics = topicsOf(pipeline);
  assert.deepEqual(
    Object.values(channels).map(({ address }) => address),
    topics.map(({ name }) => name),
  );
  const references = referencesIn(document);
  assert.ok(references.length > topics.length * 3);
  for (const reference of references) assert.notEqual(resolved(document, reference), undefined, reference);
  assert.equal(Object.values(operations).filter(({ action }) => action === "receive").length, 1);
  for (const { name, tables } of topics.filter(({ kind }) => kind === "output"))
    assert.deepEqual(
      Object.keys(channels[name]?.messages ?? {}),
      tables.map((table) => table.name),
    );
  for (const name of [...Object.keys(channels), ...Object.keys(components.messages ?? {})])
    assert.match(name, /^[a-zA-Z0-9._-]+$/);
});

test("the event's schema of AsyncAPI takes generated events", async () => {
  const document = parse(await printed("--asyncapi"));
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const validate = ajv.compile(document.components.messages.event.payload);
  const events = createGenerator({ seed: 3, startMs: Date.UTC(2026, 0, 5), ratePerSecond: 3 }).take(500);
  for (const { json } of events) assert.ok(validate(JSON.parse(json)), JSON.stringify(validate.errors));
  assert.equal(validate({ event_id: 7 }), false);
});
