/** The text of the generated program: declarations, shared expressions, a function a table, the loop over rows. */
import type { EventSchema } from "../../contract/schema.ts";
import { type Lookup, writeShared } from "./emit.ts";
import type { Interner } from "./expressions.ts";
import { groupCode } from "./group-code.ts";
import type { KeyPlanner } from "./key-plan.ts";
import type { PlannedTable } from "./planned-table.ts";
import { rowTableCode, sourceColumns, windowTableCode } from "./row-code.ts";

export interface Writing {
  readonly interner: Interner;
  readonly planner: KeyPlanner;
  readonly lookup: Lookup;
  /** What the text may call, by name. */
  readonly called: object;
}

export interface ProgramText {
  readonly text: string;
  /** How long the array `N` must be. */
  readonly numbers: number;
}

export function programText(
  schema: EventSchema,
  planned: readonly PlannedTable[],
  writing: Writing,
): ProgramText {
  const { interner, planner, lookup } = writing;
  const numbers = { count: 0 };
  const scope = { prefix: "f", columns: sourceColumns(schema), lookup, numbers };
  const rows = writeShared(scope, (emitter) => {
    const context = { interner, emitter };
    const tables = planned.map((table) =>
      table.keys ? windowTableCode(table, table.keys, context) : rowTableCode(table, context),
    );
    return [...tables, planner.code(emitter.value)].join("\n");
  });
  const groups = planned.map(({ index, table, shape, keys }) =>
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
    declarations(schema, planned, writing),
    rows.definitions,
    rows.body,
    ...groups,
    runCode(schema, planned, `${rows.reset} ${planner.reset()}`),
    `return { run, evaluate: [${planned.map(({ keys, index }) => (keys ? `e${index}` : "null")).join(", ")}] };`,
  ].join("\n");
  return { text: `${text}\n//# sourceURL=loanstream-program.js\n`, numbers: numbers.count };
}

function declarations(
  schema: EventSchema,
  planned: readonly PlannedTable[],
  { planner, called }: Writing,
): string {
  const columns = schema.leaves.map(({ column }) => `c${column}`);
  const out = planned.map(({ index }) => `o${index}`);
  const states = planned
    .filter(({ groups }) => groups)
    .map(({ index: t }) => `const S${t} = environment.groups[${t}], A${t} = S${t}.accumulators;`);
  const keys = planner.dictionaries.map(
    (_, index) => `const K${index} = environment.dictionaries[${index}];`,
  );
  return `const { ${[...Object.keys(called), "N", "W", "USED"].join(", ")} } = environment;
let partition = 0, base = 0, ${[...columns, ...out].join(", ")};
${[...states, ...keys].join("\n")}`;
}

function runCode(schema: EventSchema, planned: readonly PlannedTable[], reset: string): string {
  return `function run(columns, ofPartition, basePosition, accepted, count, out) {
partition = ofPartition; base = basePosition;
${schema.leaves.map(({ column }) => `c${column} = columns[${column}].values;`).join(" ")}
${planned.map(({ index }) => `o${index} = out[${index}];`).join(" ")}
${reset}
for (let j = 0; j < count; j++) { const i = accepted[j]; ${planned.map(({ index }) => `t${index}(i);`).join(" ")} }
}`;
}
