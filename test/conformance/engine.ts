/**
 * What every engine must do, as small inputs with the rows that they give. Each test analyses a pipeline of one
 * delay of a minute over a handful of records.
 */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Analysis, Engine, Ledger, RecordPlace, SourceLedger } from "../../src/engine/engine.ts";
import { compilePipeline } from "../../src/pipeline/load.ts";
import type { Pipeline } from "../../src/pipeline/pipeline.ts";
import type { Value } from "../../src/sql/types.ts";
import { batchOf, type LogRecord } from "../simulation/simulate.ts";

/** The engine under test; null where it can't run here, which skips the test. */
export type EngineFor = (t: TestContext) => Promise<Engine | null>;

const SCHEMA = `
type: object
required: [id, time]
properties:
  id: { type: string, maxLength: 8 }
  time: { type: string, format: date-time }
  kind: { type: string, enum: [a, b] }
  name: { type: string, maxLength: 8 }
  n: { type: integer, minimum: -9007199254740991, maximum: 9007199254740991 }
  x: { type: number }
  flag: { type: boolean }
  tags: { type: array, items: { type: string, maxLength: 8 } }
`;

const SOURCE = "{ event_time: time, event_id: id }";

/** A pipeline of these models, each with its emit mode: a table. */
function pipelineOf(
  tables: Readonly<Record<string, readonly [emit: string, sql: string]>>,
  source = SOURCE,
): Pipeline {
  const listed = Object.entries(tables).map(([name, [emit]]) => `${name}: ${emit}`);
  const { pipeline, diagnostics } = compilePipeline({
    directory: ".",
    settings: {
      path: "pipeline.yaml",
      text: `source: ${source}\ndelay: 1 minute\noutputs: { all: { tables: { ${listed.join(", ")} } } }\n`,
    },
    schema: { path: "schema.yaml", text: SCHEMA },
    models: Object.entries(tables).map(([name, [, text]]) => ({ path: `models/${name}.sql`, text })),
    scorecards: [],
    reasons: null,
    alerts: null,
    descriptions: [],
    tests: [],
    examples: null,
  });
  assert.ok(pipeline, JSON.stringify(diagnostics));
  return pipeline;
}

const DAY = "2026-01-05";
/** Milliseconds of a time of the day such as `10:00:59.999`. */
const at = (time: string) => Date.parse(`${DAY}T${time}Z`);

/** An event, by its id, the time of the day and what else it holds. */
function event(id: string, time: string, fields: object = {}, ingestTime: string | null = null): LogRecord {
  const text = JSON.stringify({ id, time: `${DAY}T${time}Z`, ...fields });
  return { text, ingestTimeMs: ingestTime === null ? null : at(ingestTime) };
}

const text = (text: string): LogRecord => ({ text, ingestTimeMs: null });

function analyse(
  engine: Engine,
  pipeline: Pipeline,
  log: readonly LogRecord[],
  batchSize = 2,
): Promise<Analysis> {
  return engine.analyze(
    pipeline,
    (async function* () {
      for (let from = 0; from < log.length; from += batchSize)
        yield batchOf(log.slice(from, from + batchSize), from);
    })(),
  );
}

/** Tells apart whatever `Object.is` does, but a BIGINT that is a number from one that is a bigint. */
export function exactText(value: Value): string {
  if (Array.isArray(value)) return `[${value.map(exactText).join(", ")}]`;
  if (typeof value === "string") return JSON.stringify(value);
  return Object.is(value, -0) ? "-0" : String(value);
}

const inOrder = (rows: readonly (readonly Value[])[]) => rows.map(exactText).sort();

function assertRows(analysis: Analysis, table: string, expected: readonly (readonly Value[])[]): void {
  const found = analysis.tables.find((rows) => rows.table === table);
  assert.deepEqual(inOrder(found?.rows ?? []), inOrder(expected));
}

function assertSource(analysis: Analysis, expected: Partial<SourceLedger>): void {
  const ledger = { accepted: 0, late: 0, duplicate: 0, dead: 0, ...expected };
  const read = ledger.accepted + ledger.late + ledger.duplicate + ledger.dead;
  assert.deepEqual(analysis.ledger.source, { read, ...ledger });
}

const positions = (places: readonly RecordPlace[]) => places.map(({ position }) => position);

const ROWS = { rows: ["append", "SELECT id, n FROM events"] } as const;
const MINUTES = {
  minutes: [
    "update",
    `SELECT window.start AS window_start, window.end AS window_end, kind, count(*) AS events, sum(n) AS total
     FROM events GROUP BY window(time, '1 minute'), kind`,
  ],
} as const;

/** Where an engine does otherwise, as docs/parity.md says. */
export interface Deviations {
  /** By a case's name, why it gives something else: the case must fail then. */
  readonly cases: Readonly<Record<string, string>>;
  /** Whether the ledger has none of the tables. */
  readonly noTableLedgers: boolean;
}

const NONE: Deviations = { cases: {}, noTableLedgers: false };

export function engineConformance(engineFor: EngineFor, deviations = NONE): void {
  const engineTest = (name: string, body: (engine: Engine) => Promise<void>) => {
    const why = deviations.cases[name];
    test(why === undefined ? name : `${name}: not so, since ${why}`, async (t) => {
      const engine = await engineFor(t);
      if (engine === null) return;
      if (why === undefined) await body(engine);
      else await assert.rejects(body(engine), assert.AssertionError);
    });
  };

  const assertTables = ({ ledger }: Analysis, expected: Ledger["tables"]) =>
    assert.deepEqual(ledger.tables, deviations.noTableLedgers ? {} : expected);

  engineTest("a row table has a row for every event that passes its filter", async (engine) => {
    const sql =
      "SELECT id, n % 10 * 2 AS twice, x, flag, tags, CASE WHEN n > 1 THEN 'many' END AS verdict FROM events WHERE NOT kind <=> 'b'";
    const log = [
      event("1", "10:00:00.000", { kind: "a", n: 2, x: 0.5, flag: true, tags: ["é", "😀"] }),
      event("2", "10:00:00.000", { kind: "b", n: 1 }),
      text(`{"id":"3","time":"${DAY}T10:00:00.000Z","n":1,"x":-0.0,"flag":false,"tags":[]}`),
      event("4", "10:00:00.000"),
    ];
    const analysis = await analyse(engine, pipelineOf({ rows: ["append", sql] }), log);
    assertRows(analysis, "rows", [
      ["1", 4, 0.5, true, ["é", "😀"], "many"],
      ["3", 2, 0, false, [], null],
      ["4", null, null, null, null, null],
    ]);
    assertTables(analysis, { rows: { used: 3, filtered: 1 } });
  });

  engineTest("tumbling windows are half-open and aligned to the epoch, null is a key", async (engine) => {
    const log = [
      event("1", "10:00:00.000", { kind: "a", n: 1 }),
      event("2", "10:00:59.999", { kind: "a", n: 2 }),
      event("3", "10:01:00.000", { kind: "a", n: 4 }),
      event("4", "10:00:30.000", { n: 8 }),
      event("5", "10:00:30.000"),
    ];
    assertRows(await analyse(engine, pipelineOf(MINUTES), log), "minutes", [
      [at("10:00:00.000"), at("10:01:00.000"), "a", 2, 3],
      [at("10:01:00.000"), at("10:02:00.000"), "a", 1, 4],
      [at("10:00:00.000"), at("10:01:00.000"), null, 2, 8],
    ]);
  });

  engineTest("windows before 1970 are aligned as those after it", async (engine) => {
    const log = ["1969-12-31T23:59:59.999Z", "1970-01-01T00:00:00.000Z", "1969-12-31T23:59:00.000Z"].map(
      (time, id) => text(JSON.stringify({ id: String(id), time })),
    );
    const analysis = await analyse(engine, pipelineOf(MINUTES), log);
    assertRows(analysis, "minutes", [
      [-60_000, 0, null, 1, null],
      [0, 60_000, null, 1, null],
    ]);
    assert.deepEqual(positions(analysis.late), [2]);
  });

  engineTest(
    "an event counts in every sliding window over it, and in the last minutes of some",
    async (engine) => {
      const sql = `SELECT window.start AS window_start, window.end AS window_end, count(*) AS events,
        count_if(time >= window.end - INTERVAL 1 MINUTE) AS last_minute
      FROM events GROUP BY window(time, '3 minutes', '1 minute')`;
      const log = [event("1", "10:00:00.000"), event("2", "10:01:59.999"), event("3", "10:02:00.000")];
      const row = (start: string, end: string, events: number, lastMinute: number) =>
        [at(`${start}:00.000`), at(`${end}:00.000`), events, lastMinute] as const;
      assertRows(await analyse(engine, pipelineOf({ sliding: ["update", sql] }), log), "sliding", [
        row("09:58", "10:01", 1, 1),
        row("09:59", "10:02", 2, 1),
        row("10:00", "10:03", 3, 1),
        row("10:01", "10:04", 2, 0),
        row("10:02", "10:05", 1, 0),
      ]);
    },
  );

  engineTest("an explode below the aggregate counts an event once an element", async (engine) => {
    const sql = `SELECT window.start AS window_start, window.end AS window_end, k.kind AS key_kind, k.value AS key_value,
        count(*) AS events, array_sort(collect_set(id)) AS ids
      FROM events
      LATERAL VIEW explode(array(named_struct('kind', 'kind', 'value', kind), named_struct('kind', 'name', 'value', name))) keys AS k
      WHERE k.value IS NOT NULL
      GROUP BY window(time, '1 minute'), k.kind, k.value
      HAVING count(*) >= 2`;
    const log = [
      event("2", "10:00:00.000", { kind: "a", name: "a" }),
      event("1", "10:00:01.000", { kind: "a", name: "x" }),
      event("3", "10:00:02.000", { name: "a" }),
      event("4", "10:00:03.000"),
    ];
    const analysis = await analyse(engine, pipelineOf({ keys: ["update", sql] }), log);
    const minute = [at("10:00:00.000"), at("10:01:00.000")] as const;
    assertRows(analysis, "keys", [
      [...minute, "kind", "a", 2, ["1", "2"]],
      [...minute, "name", "a", 2, ["2", "3"]],
    ]);
    assertTables(analysis, { keys: { used: 3, filtered: 1 } });
  });

  engineTest("an explode above the aggregate makes several rows of a group", async (engine) => {
    const sql = `SELECT window_start, window_end, part.kind AS kind, part.events AS events, part.events / total AS share
      FROM (
        SELECT window.start AS window_start, window.end AS window_end, count(*) AS total,
          count_if(kind = 'a') AS a, count_if(kind = 'b') AS b
        FROM events GROUP BY window(time, '1 minute')
      )
      LATERAL VIEW explode(array(named_struct('kind', 'a', 'events', a), named_struct('kind', 'b', 'events', b))) parts AS part
      WHERE part.events > 0`;
    const log = [
      event("1", "10:00:00.000", { kind: "a" }),
      event("2", "10:00:00.000", { kind: "b" }),
      event("3", "10:00:00.000", { kind: "b" }),
      event("4", "10:00:00.000"),
      event("5", "10:01:00.000", { kind: "b" }),
    ];
    assertRows(await analyse(engine, pipelineOf({ parts: ["final", sql] }), log), "parts", [
      [at("10:00:00.000"), at("10:01:00.000"), "a", 1, 0.25],
      [at("10:00:00.000"), at("10:01:00.000"), "b", 2, 0.5],
      [at("10:01:00.000"), at("10:02:00.000"), "b", 1, 1],
    ]);
  });

  engineTest("sums are exact past 2^53, and equal groups of a final table leave once", async (engine) => {
    const sql = `SELECT window.start AS window_start, window.end AS window_end, sum(n) AS total, min(name) AS least
      FROM events GROUP BY window(time, '1 minute')`;
    const most = Number.MAX_SAFE_INTEGER;
    const log = [
      event("1", "10:00:00.000", { n: most, name: "😀" }),
      event("2", "10:00:00.000", { n: most, name: "\uffff" }),
      event("3", "10:00:00.000", { n: 3 }),
    ];
    assertRows(await analyse(engine, pipelineOf({ sums: ["final", sql] }), log), "sums", [
      [at("10:00:00.000"), at("10:01:00.000"), 2n * BigInt(most) + 3n, "\uffff"],
    ]);
  });

  engineTest(
    "an event is late at the greatest time before it less the delay, not a millisecond after",
    async (engine) => {
      const log = [
        event("1", "10:02:00.000"),
        event("2", "10:01:00.000"),
        event("3", "10:01:00.001"),
        event("4", "10:00:59.999"),
        event("5", "10:05:00.000"),
        event("6", "10:04:00.000"),
      ];
      const analysis = await analyse(engine, pipelineOf(ROWS), log);
      assertRows(analysis, "rows", [
        ["1", null],
        ["3", null],
        ["5", null],
      ]);
      assert.deepEqual(positions(analysis.late), [1, 3, 5]);
      assertSource(analysis, { accepted: 3, late: 3 });
    },
  );

  engineTest(
    "of events with one id the first is accepted, and one that is late first is late",
    async (engine) => {
      const log = [
        event("1", "10:00:00.000", { n: 1 }),
        event("1", "10:00:00.000", { n: 2 }),
        event("2", "10:02:00.000", { n: 3 }),
        event("1", "10:00:00.000", { n: 4 }),
        event("2", "10:02:00.000", { n: 5 }),
      ];
      const analysis = await analyse(engine, pipelineOf(ROWS), log);
      assertRows(analysis, "rows", [
        ["1", 1],
        ["2", 3],
      ]);
      assertSource(analysis, { accepted: 2, duplicate: 2, late: 1 });
    },
  );

  engineTest(
    "a dead record is no event: it moves nothing and does not swallow its repaired twin",
    async (engine) => {
      const log = [
        event("1", "10:00:00.000"),
        event("2", "23:00:00.000", { kind: "z" }),
        event("2", "10:00:00.000"),
        text("not json"),
        text('{"id":"3"}'),
        event("4", "10:00:00.000", { n: 2 ** 53 }),
      ];
      const analysis = await analyse(engine, pipelineOf(ROWS), log);
      assertRows(analysis, "rows", [
        ["1", null],
        ["2", null],
      ]);
      assert.deepEqual(positions(analysis.dead), [1, 3, 4, 5]);
      assertSource(analysis, { accepted: 2, dead: 4 });
    },
  );

  engineTest("an event more than an hour after its own ingest is dead", async (engine) => {
    const log = [
      event("1", "10:00:00.000", {}, "10:00:00.000"),
      event("2", "11:00:00.001", {}, "10:00:00.000"),
      event("3", "10:00:00.000", {}, "10:00:00.000"),
      event("4", "11:00:00.000", {}, "10:00:00.000"),
      event("5", "10:00:00.001", {}, "10:00:00.000"),
    ];
    const analysis = await analyse(engine, pipelineOf(ROWS), log);
    assert.deepEqual(positions(analysis.dead), [1]);
    assert.deepEqual(positions(analysis.late), [4]);
    assertSource(analysis, { accepted: 3, late: 1, dead: 1 });
  });

  engineTest("nothing gives every table, empty", async (engine) => {
    const analysis = await analyse(engine, pipelineOf({ ...ROWS, ...MINUTES }), []);
    const ledger = { used: 0, filtered: 0 };
    assert.deepEqual(analysis.tables, [
      { table: "rows", rows: [] },
      { table: "minutes", rows: [] },
    ]);
    assert.deepEqual([analysis.late, analysis.dead], [[], []]);
    assertSource(analysis, {});
    assertTables(analysis, { rows: ledger, minutes: ledger });
  });

  engineTest("dead records alone give every table, empty", async (engine) => {
    const analysis = await analyse(engine, pipelineOf(MINUTES), [text("{}"), text(""), text("[]")]);
    assertRows(analysis, "minutes", []);
    assert.deepEqual(positions(analysis.dead), [0, 1, 2]);
    assertSource(analysis, { dead: 3 });
  });

  engineTest("without an event time nothing is late, and without it no id is a duplicate", async (engine) => {
    const sql = "SELECT id, _position, n FROM events WHERE n > 0";
    const log = [
      event("1", "10:00:00.000", { n: 1 }),
      event("1", "09:00:00.000", { n: 2 }),
      event("1", "08:00:00.000", { n: 0 }),
    ];
    const analysis = await analyse(engine, pipelineOf({ rows: ["append", sql] }, "{ event_id: id }"), log);
    assertRows(analysis, "rows", [
      ["1", 0, 1],
      ["1", 1, 2],
    ]);
    assertSource(analysis, { accepted: 3 });
    assertTables(analysis, { rows: { used: 2, filtered: 1 } });
  });
}
