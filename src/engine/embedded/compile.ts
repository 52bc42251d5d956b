/**
 * The plan of all tables as one generated program: a run over the accepted rows of a batch, in which each
 * expression that tables share is computed once a row, and a function a window table that puts out its groups.
 */
import type { Pipeline, Table } from "../../pipeline/pipeline.ts";
import * as rt from "../../sql/runtime.ts";
import type { Value } from "../../sql/types.ts";
import type { ColumnBatch, RecordBatch } from "../batch.ts";
import { addToSet, addWide, binOf, unionOf, wideSum } from "./accumulate.ts";
import { fieldsOf } from "./accumulators.ts";
import { type Lookup, writeShared } from "./emit.ts";
import { createInterner } from "./expressions.ts";
import { groupCode } from "./group-code.ts";
import { createGroupState, type GroupState, markChanged, slotOf } from "./group-state.ts";
import { createKeyPlanner, type KeyPlan } from "./key-plan.ts";
import { addGroup, type KeyDictionary } from "./keys.ts";
import { rowTableCode, sourceColumns, windowTableCode } from "./row-code.ts";
import { type Shape, shapeOf } from "./shape.ts";
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
  /** The generated text, for `--plan` and for finding faults. */
  readonly text: string;
}

interface PlannedTable {
  readonly table: Table;
  readonly shape: Shape;
  readonly keys: KeyPlan | null;
  readonly groups: GroupState | null;
}

/** What `run` and the functions of window tables are called in the generated text. */
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

export function compile(pipeline: Pipeline, lookup: Lookup): Program {
  const interner = createInterner();
  const planner = createKeyPlanner(interner, pipeline.schema.leaves);
  const planned = pipeline.tables.map((table): PlannedTable => {
    const shape = shapeOf(table.relation);
    const keys = shape.aggregate && planner.plan(shape, shape.aggregate);
    const fields = shape.aggregate?.aggregates.flatMap(fieldsOf) ?? [];
    return { table, shape, keys, groups: keys && createGroupState(keys.dictionary, fields) };
  });

  const numbers = { count: 0 };
  const scope = { prefix: "f", columns: sourceColumns(pipeline.schema), lookup, numbers };
  const rows = writeShared(scope, (emitter) => {
    const context = { interner, emitter };
    const tables = planned.map(({ table, shape, keys }, index) =>
      shape.aggregate && keys
        ? windowTableCode(shape, shape.aggregate, index, table.emit === "update", keys, context)
        : rowTableCode(shape, index, context),
    );
    return [...tables, planner.code(emitter.value)].join("\n");
  });
  const groups = planned.map(({ table, shape, keys }, index) =>
    shape.aggregate && keys
      ? groupCode(shape, shape.aggregate, {
          name: table.name,
          table: index,
          keys: keys.name,
          lookup,
          numbers,
        })
      : "",
  );

  const text = [
    '"use strict";',
    declarations(pipeline, planned, planner.dictionaries.length),
    rows.definitions,
    rows.body,
    ...groups,
    runCode(pipeline, planned.length, `${rows.reset} ${planner.reset()}`),
    `return { run, evaluate: [${planned.map(({ keys }, index) => (keys ? `e${index}` : "null")).join(", ")}] };`,
  ].join("\n");
  const scratch = createScratch(planned);
  const used = new Float64Array(planned.length);
  const environment = {
    ...{
      rt: { ...rt },
      addToSet,
      addWide,
      binOf,
      unionOf,
      wideSum,
      slotOf,
      markChanged,
      addGroup,
      orNull,
      orNullWithin,
    },
    dictionaries: planner.dictionaries,
    groups: planned.map((entry) => entry.groups),
    BOOLEANS: [false, true, null],
    N: new Float64Array(numbers.count),
    W: scratch.slots,
    USED: used,
  };
  const generated: Generated = new Function("environment", text)(environment);
  return {
    run: (batch, { columns }, accepted, count, out) =>
      generated.run(columns, batch.partition, batch.basePosition, accepted, count, out),
    windows: planned.flatMap((entry, index) => windowTable(entry, generated.evaluate[index] ?? null)),
    dictionaries: planner.dictionaries,
    scratch,
    used,
    text,
  };
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
  const spans = planned.map(({ shape: { aggregate } }) => {
    return aggregate ? aggregate.window.sizeMs / aggregate.window.slideMs : 0;
  });
  return { slots: new Int32Array(Math.max(0, ...spans) + 1), slotSet: 0 };
}

function declarations(pipeline: Pipeline, planned: readonly PlannedTable[], dictionaries: number): string {
  const columns = pipeline.schema.leaves.map(({ column }) => `c${column}`);
  const out = planned.map((_, index) => `o${index}`);
  const states = planned.flatMap(({ groups }, index) =>
    groups ? [`const S${index} = environment.groups[${index}], A${index} = S${index}.accumulators;`] : [],
  );
  const keys = Array.from({ length: dictionaries }, (_, index) => {
    return `const K${index} = environment.dictionaries[${index}];`;
  });
  return `const { rt, addToSet, addWide, binOf, unionOf, wideSum, slotOf, markChanged, addGroup } = environment;
const { orNull, orNullWithin, BOOLEANS, N, W, USED } = environment;
let partition = 0, base = 0;
let ${[...columns, ...out].join(", ")};
${[...states, ...keys].join("\n")}`;
}

function runCode({ schema }: Pipeline, tables: number, reset: string): string {
  const each = (text: (table: number) => string) =>
    Array.from({ length: tables }, (_, table) => text(table)).join(" ");
  return `function run(columns, ofPartition, basePosition, accepted, count, out) {
partition = ofPartition; base = basePosition;
${schema.leaves.map(({ column }) => `c${column} = columns[${column}].values;`).join(" ")}
${each((table) => `o${table} = out[${table}];`)}
${reset}
for (let j = 0; j < count; j++) { const i = accepted[j]; ${each((table) => `t${table}(i);`)} }
}`;
}

function orNull(x: number | bigint): number | bigint | null {
  return rt.isNoNumber(x) ? null : x;
}

function orNullWithin(value: Value): Value {
  if (Array.isArray(value)) return value.map(orNullWithin);
  return typeof value === "number" ? orNull(value) : value;
}
