/**
 * The plan of all tables as one generated program: a run over the accepted rows of a batch, in which each
 * expression that tables share is computed once a row, and functions that put out the groups of each aggregate.
 */
import { computedTables, type Pipeline } from "../../pipeline/pipeline.ts";
import * as rt from "../../sql/runtime.ts";
import type { Value } from "../../sql/types.ts";
import type { ColumnBatch, RecordBatch } from "../batch.ts";
import { addToSet, addWide, binOf, unionOf, wideSum } from "./accumulate.ts";
import type { Lookup } from "./emit.ts";
import { createInterner } from "./expressions.ts";
import { markChanged, slotOf } from "./group-state.ts";
import { createKeyPlanner } from "./key-plan.ts";
import { addGroup, type KeyDictionary } from "./keys.ts";
import { type Plan, type PlannedWindows, planTables } from "./planned-table.ts";
import { programText } from "./program-text.ts";
import { isFirst, type Published, type Scratch, type Windows } from "./windows.ts";

type Row = readonly Value[];

export interface Program {
  /** Takes the accepted rows of a batch, in order; `out[table]` gets the rows of row tables. */
  run(batch: RecordBatch, columns: ColumnBatch, accepted: Uint32Array, count: number, out: Row[][]): void;
  /** Names of the tables, those of the alerts last. */
  readonly tables: readonly string[];
  readonly windows: readonly Windows[];
  readonly dictionaries: readonly KeyDictionary[];
  readonly scratch: Scratch;
  /** By table: how many accepted events contributed to it. */
  readonly used: Float64Array;
  /** The generated text. */
  readonly text: string;
}

/** What the generated text returns. */
interface Generated {
  readonly run: (
    columns: ColumnBatch["columns"],
    partition: number,
    base: number,
    accepted: Uint32Array,
    count: number,
    out: Row[][],
  ) => void;
  readonly evaluate: readonly Pick<Windows, "open" | "closed">[];
}

/** What the generated text calls, by the names that it uses. */
const CALLED = {
  ...{ rt: { ...rt }, addToSet, addWide, binOf, unionOf, wideSum, slotOf, markChanged, addGroup, isFirst },
  ...{ orNull, orNullWithin, BOOLEANS: [false, true, null] },
};

export function compile(pipeline: Pipeline, lookup: Lookup): Program {
  const interner = createInterner();
  const planner = createKeyPlanner(interner, pipeline.schema.leaves);
  const plan = planTables(computedTables(pipeline), planner);
  const { text, numbers } = programText(pipeline.schema, plan, { interner, planner, lookup, called: CALLED });
  const scratch = createScratch(plan);
  const used = new Float64Array(plan.tables.length);
  const published = plan.tables.map((): Published => new Map());
  const generated = evaluateText(text, {
    ...CALLED,
    dictionaries: planner.dictionaries,
    groups: plan.windows.map(({ groups }) => groups),
    N: new Float64Array(numbers),
    W: scratch.slots,
    USED: used,
    FIRST: published,
  });
  return {
    run: (batch, { columns }, accepted, count, out) =>
      generated.run(columns, batch.partition, batch.basePosition, accepted, count, out),
    tables: plan.tables.map(({ table }) => table.name),
    windows: plan.windows.map((windows, index) => windowsOf(windows, generated.evaluate[index]!, published)),
    dictionaries: planner.dictionaries,
    scratch,
    used,
    text,
  };
}

function evaluateText(text: string, environment: object): Generated {
  return new Function("environment", text)(environment);
}

function windowsOf(
  { identity, aggregate, groups, tables }: PlannedWindows,
  { open, closed }: Generated["evaluate"][number],
  published: readonly Published[],
): Windows {
  const once = tables.filter(({ table }) => table.emit === "once");
  return {
    identity,
    ...aggregate.window,
    tables: tables.map(({ table }) => table.name),
    groups,
    open,
    closed,
    published: new Map(once.map(({ table, index }) => [table.name, published[index]!])),
    closedThrough: Number.NEGATIVE_INFINITY,
  };
}

function createScratch({ windows }: Plan): Scratch {
  const spans = windows.map(({ aggregate }) => aggregate.window.sizeMs / aggregate.window.slideMs);
  return { slots: new Int32Array(Math.max(0, ...spans) + 1), slotSet: 0 };
}

function orNull(x: number | bigint): number | bigint | null {
  return rt.isNoNumber(x) ? null : x;
}

function orNullWithin(value: Value): Value {
  if (Array.isArray(value)) return value.map(orNullWithin);
  return typeof value === "number" ? orNull(value) : value;
}
