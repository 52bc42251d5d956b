/**
 * The plan of all tables as one generated program: a run over the accepted rows of a batch, in which each
 * expression that tables share is computed once a row, and a function a window table that puts out its groups.
 */
import type { Pipeline } from "../../pipeline/pipeline.ts";
import * as rt from "../../sql/runtime.ts";
import type { Value } from "../../sql/types.ts";
import type { ColumnBatch, RecordBatch } from "../batch.ts";
import { addToSet, addWide, binOf, unionOf, wideSum } from "./accumulate.ts";
import type { Lookup } from "./emit.ts";
import { createInterner } from "./expressions.ts";
import { markChanged, slotOf } from "./group-state.ts";
import { createKeyPlanner } from "./key-plan.ts";
import { addGroup, type KeyDictionary } from "./keys.ts";
import { type PlannedTable, planTable } from "./planned-table.ts";
import { programText } from "./program-text.ts";
import type { Evaluate, Scratch, WindowTable } from "./windows.ts";

type Row = readonly Value[];

export interface Program {
  /** Takes the accepted rows of a batch, in order; `out[table]` gets the rows of row tables. */
  run(batch: RecordBatch, columns: ColumnBatch, accepted: Uint32Array, count: number, out: Row[][]): void;
  readonly windows: readonly WindowTable[];
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
  readonly evaluate: readonly (Evaluate | null)[];
}

/** What the generated text calls, by the names that it uses. */
const CALLED = {
  ...{ rt: { ...rt }, addToSet, addWide, binOf, unionOf, wideSum, slotOf, markChanged, addGroup },
  ...{ orNull, orNullWithin, BOOLEANS: [false, true, null] },
};

export function compile(pipeline: Pipeline, lookup: Lookup): Program {
  const interner = createInterner();
  const planner = createKeyPlanner(interner, pipeline.schema.leaves);
  const planned = pipeline.tables.map((table, index) => planTable(table, index, planner));
  const { text, numbers } = programText(pipeline.schema, planned, {
    interner,
    planner,
    lookup,
    called: CALLED,
  });
  const scratch = createScratch(planned);
  const used = new Float64Array(planned.length);
  const generated = evaluateText(text, {
    ...CALLED,
    dictionaries: planner.dictionaries,
    groups: planned.map(({ groups }) => groups),
    N: new Float64Array(numbers),
    W: scratch.slots,
    USED: used,
  });
  return {
    run: (batch, { columns }, accepted, count, out) =>
      generated.run(columns, batch.partition, batch.basePosition, accepted, count, out),
    windows: planned.flatMap((entry) => windowTable(entry, generated.evaluate[entry.index] ?? null)),
    dictionaries: planner.dictionaries,
    scratch,
    used,
    text,
  };
}

function evaluateText(text: string, environment: object): Generated {
  return new Function("environment", text)(environment);
}

function windowTable({ table, shape, groups }: PlannedTable, evaluate: Evaluate | null): WindowTable[] {
  if (!shape.aggregate || !groups || !evaluate) return [];
  const { name } = table;
  const emit = table.emit === "update" ? "update" : "final";
  return [
    { name, emit, ...shape.aggregate.window, groups, evaluate, closedThrough: Number.NEGATIVE_INFINITY },
  ];
}

function createScratch(planned: readonly PlannedTable[]): Scratch {
  const spans = planned.map(({ shape: { aggregate } }) =>
    aggregate ? aggregate.window.sizeMs / aggregate.window.slideMs : 0,
  );
  return { slots: new Int32Array(Math.max(0, ...spans) + 1), slotSet: 0 };
}

function orNull(x: number | bigint): number | bigint | null {
  return rt.isNoNumber(x) ? null : x;
}

function orNullWithin(value: Value): Value {
  if (Array.isArray(value)) return value.map(orNullWithin);
  return typeof value === "number" ? orNull(value) : value;
}
