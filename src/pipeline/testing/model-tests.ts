/**
 * Reads `NAME.test.yaml`, which stands beside the model NAME: what the log holds, and the rows that the model makes
 * of it.
 *
 *     tests:
 *       - name: a mortgage's payment replaces the housing cost
 *         given:
 *           - base: submitted                         # an event of examples.yaml
 *             at: 2026-01-01T00:00:10Z                # its event time
 *             with: { loan: { product: mortgage } }   # merged into it; null removes a field
 *           - raw: '{"broken'                         # a record as it comes
 *         where: { product: mortgage }                # only rows with these values are looked at
 *         expect:
 *           - { product: mortgage, dti: 0.25 }        # columns that aren't named may have any value
 *         ledger: { dead: 1 }                         # late, duplicate, dead: 0 where not named
 */
import { basename } from "node:path";
import type { Diagnostic, Place } from "../../errors.ts";
import { parseDuration } from "../../sql/analyse/window.ts";
import type { Alias, Column } from "../../sql/plan.ts";
import type { Value } from "../../sql/types.ts";
import { suggest } from "../../suggest.ts";
import { parseYaml, type YamlMap, type YamlNode } from "../../yaml.ts";
import { type PipelineFiles, TEST_ENDING, type TextFile } from "../files.ts";
import type { Pipeline } from "../pipeline.ts";
import { type Examples, loadExamples } from "./examples.ts";
import { type JsonObject, jsonObjectOf, patched } from "./json.ts";
import { idPatch, type TestRecord, timePatch } from "./records.ts";
import { readTime, readValue } from "./values.ts";

export interface ModelTest {
  readonly model: string;
  readonly name: string;
  readonly place: Place;
  readonly records: readonly TestRecord[];
  /** By the column's place in the model: only rows with these values are compared. Empty: all rows. */
  readonly where: ReadonlyMap<number, Value>;
  /** In any order. */
  readonly expected: readonly ExpectedRow[];
  readonly ledger: Refused;
  /** How far a DOUBLE may be from what is expected. */
  readonly tolerance: number;
}

export interface ExpectedRow {
  readonly place: Place;
  /** By the column's place in the model. */
  readonly cells: ReadonlyMap<number, Value>;
}

/** How many records were not accepted, and why. */
export interface Refused {
  readonly late: number;
  readonly duplicate: number;
  readonly dead: number;
}

const MOST_EVENTS = 100_000;

/** Every test of the folder, or every mistake in its test files. */
export function loadModelTests(
  files: PipelineFiles,
  pipeline: Pipeline,
): { readonly tests: readonly ModelTest[]; readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const { examples, diagnostics: found } = loadExamples(files.examples, pipeline.source, pipeline.schema);
  diagnostics.push(...found);
  const tests = files.tests.flatMap((file) => loadFile(file, pipeline, examples, diagnostics));
  return { tests, diagnostics };
}

function loadFile(
  { path, text }: TextFile,
  pipeline: Pipeline,
  examples: Examples,
  diagnostics: Diagnostic[],
): readonly ModelTest[] {
  const root = parseYaml(text, path, diagnostics);
  const name = basename(path, TEST_ENDING);
  const model = pipeline.models.get(name);
  if (!model) {
    const remedy = `${suggest(name, [...pipeline.models.keys()])}.test.yaml, or add the model.`;
    root.complain(`there is no model ${name} to test`, remedy, "model.unknown");
    return [];
  }
  const context = { pipeline, examples, model };
  const tests = root
    .map(["tests"])
    .get("tests")
    .list()
    .map((node) => loadTest(node, context));
  refuseTwins(tests, diagnostics);
  return tests;
}

interface Context {
  readonly pipeline: Pipeline;
  readonly examples: Examples;
  readonly model: Alias;
}

function loadTest(node: YamlNode, context: Context): ModelTest {
  const map = node.map(["name", "given", "where", "expect", "ledger", "tolerance"]);
  return {
    model: context.model.name,
    name: map.get("name").string() ?? "",
    place: node.place,
    records: loadGiven(map.get("given"), context),
    where: loadRow(map.optional("where"), context.model.columns).cells,
    expected: map
      .get("expect")
      .list()
      .map((row) => loadRow(row, context.model.columns)),
    ledger: loadLedger(map),
    tolerance: readTolerance(map.optional("tolerance")),
  };
}

function refuseTwins(tests: readonly ModelTest[], diagnostics: Diagnostic[]): void {
  for (const [index, { name, place }] of tests.entries())
    if (tests.findIndex((test) => test.name === name) < index)
      diagnostics.push({
        code: "yaml.wrong-value",
        message: `the test "${name}" stands twice`,
        remedy: "Give each its own name.",
        place,
      });
}

/** Events get ids by their number in the test, from 1. */
function loadGiven(node: YamlNode, context: Context): readonly TestRecord[] {
  const records: TestRecord[] = [];
  for (const item of node.list()) {
    const map = item.map(["base", "at", "ingested", "with", "raw", "repeat", "every"]);
    const ingestTimeMs = map.has("ingested") ? readTime(map.get("ingested")) : null;
    if (map.has("raw")) records.push({ text: readRaw(map, item), ingestTimeMs });
    else
      for (const event of eventsOf(map, context, records.length))
        records.push({ text: JSON.stringify(event), ingestTimeMs });
  }
  return records;
}

function readRaw(map: YamlMap, item: YamlNode): string {
  for (const key of ["base", "at", "with", "repeat", "every"])
    if (map.has(key)) item.complain(`"raw" is the whole record, beside "${key}"`, "Keep one of the two.");
  const text = map.get("raw").string() ?? "";
  if (/[\r\n]/.test(text) || text.trim() === "")
    map.get("raw").complain("a record is one line of text", "Write it without a line end.");
  return text;
}

function eventsOf(map: YamlMap, { pipeline, examples }: Context, before: number): readonly JsonObject[] {
  const { source, schema } = pipeline;
  const base = readBase(map.get("base"), examples);
  const changes = map.has("with") ? jsonObjectOf(map.get("with")) : {};
  const atMs = readAt(map, pipeline);
  const everyMs = readEvery(map);
  return Array.from({ length: readRepeat(map) }, (_, i) => {
    const time = atMs === null ? {} : timePatch(source, schema, atMs + i * everyMs);
    const identified = patched(patched(base, idPatch(source, schema, before + i + 1)), time);
    return patched(identified, changes);
  });
}

function readBase(node: YamlNode, examples: Examples): JsonObject {
  const name = node.string();
  const base = name === null ? {} : examples.get(name);
  if (base === undefined)
    node.complain(
      `there is no example ${name}`,
      examples.size === 0 ? "Add it to examples.yaml." : `${suggest(name ?? "", [...examples.keys()])}.`,
      "test.unknown-base",
    );
  return base ?? {};
}

function readAt(map: YamlMap, { source }: Pipeline): number | null {
  if (!map.has("at")) return null;
  if (source.eventTime === null)
    map.get("at").complain("the events of this pipeline have no time", "Remove it.");
  return readTime(map.get("at"));
}

function readRepeat(map: YamlMap): number {
  if (!map.has("repeat")) return 1;
  const count = map.get("repeat").integer();
  if (count !== null && (count < 1 || count > MOST_EVENTS))
    map.get("repeat").complain("so many events can't be", `Write a number from 1 to ${MOST_EVENTS}.`);
  return Math.min(Math.max(count ?? 1, 1), MOST_EVENTS);
}

/** Milliseconds from one repeated event to the next. */
function readEvery(map: YamlMap): number {
  if (!map.has("every")) return 0;
  const node = map.get("every");
  if (!map.has("repeat") || !map.has("at"))
    node.complain('"every" spaces events out that are repeated', 'Write "at" and "repeat" too.');
  const text = node.string();
  const everyMs = text === null ? 0 : parseDuration(text);
  if (everyMs === null) node.complain("this is no duration of fixed length", "Write one such as 10 seconds.");
  return everyMs ?? 0;
}

function loadRow(node: YamlNode, columns: readonly Column[]): ExpectedRow {
  const cells = new Map<number, Value>();
  const names = columns.map(({ name }) => name);
  for (const { key, value } of node.map().entries) {
    const at = names.indexOf(key);
    const column = columns[at];
    if (column) cells.set(at, readValue(value, column.type));
    else value.complain(`the model has no column ${key}`, `${suggest(key, names)}.`, "sql.unknown-column");
  }
  return { place: node.place, cells };
}

const REFUSALS = ["late", "duplicate", "dead"] as const;

function loadLedger(map: YamlMap): Refused {
  const ledger = map.has("ledger") ? map.get("ledger").map(REFUSALS) : null;
  const [late = 0, duplicate = 0, dead = 0] = REFUSALS.map((key) => ledger?.optional(key).integer() ?? 0);
  return { late, duplicate, dead };
}

function readTolerance(node: YamlNode): number {
  const tolerance = node.number() ?? 0;
  if (tolerance < 0) node.complain("a tolerance is no less than 0", "Write a number from 0 on.");
  return tolerance;
}
