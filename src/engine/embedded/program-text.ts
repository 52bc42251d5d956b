/**
 * The text of the generated program: declarations, shared expressions, a function a row table and an aggregate, the
 * loop over rows.
 */
import type { EventSchema } from "../../contract/schema.ts";
import { type Lookup, writeShared } from "./emit.ts";
import type { Interner } from "./expressions.ts";
import { groupCode } from "./group-code.ts";
import type { KeyPlanner } from "./key-plan.ts";
import type { Plan } from "./planned-table.ts";
import { rowTableCode, sourceColumns, windowsCode } from "./row-code.ts";

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

export function programText(schema: EventSchema, plan: Plan, writing: Writing): ProgramText {
  const { interner, planner, lookup } = writing;
  const numbers = { count: 0 };
  const scope = { prefix: "f", columns: sourceColumns(schema), lookup, numbers };
  const rows = writeShared(scope, (emitter) => {
    const context = { interner, emitter };
    const takers = [
      ...plan.rowTables.map((table) => rowTableCode(table, context)),
      ...plan.windows.map((windows) => windowsCode(windows, context)),
    ];
    return [...takers, planner.code(emitter.value)].join("\n");
  });
  const groups = plan.windows.map((windows) => groupCode(windows, { lookup, numbers }));
  const text = [
    '"use strict";',
    declarations(schema, plan, writing),
    rows.definitions,
    rows.body,
    ...groups.map((code) => code.text),
    runCode(schema, plan, `${rows.reset} ${planner.reset()}`),
    `return { run, evaluate: [${groups.map(({ open, closed }) => `{ open: ${open}, closed: ${closed} }`).join(", ")}] };`,
  ].join("\n");
  return { text: `${text}\n//# sourceURL=loanstream-program.js\n`, numbers: numbers.count };
}

function declarations(
  schema: EventSchema,
  { rowTables, windows }: Plan,
  { planner, called }: Writing,
): string {
  const columns = schema.leaves.map(({ column }) => `c${column}`);
  const out = rowTables.map(({ index }) => `o${index}`);
  const states = windows.map(
    ({ index: w }) => `const S${w} = environment.groups[${w}], A${w} = S${w}.accumulators;`,
  );
  const keys = planner.dictionaries.map(
    (_, index) => `const K${index} = environment.dictionaries[${index}];`,
  );
  return `const { ${[...Object.keys(called), "N", "W", "USED", "FIRST"].join(", ")} } = environment;
let partition = 0, base = 0, ${[...columns, ...out].join(", ")};
${[...states, ...keys].join("\n")}`;
}

function runCode(schema: EventSchema, { rowTables, windows }: Plan, reset: string): string {
  const takers = [
    ...rowTables.map(({ index }) => `t${index}(i);`),
    ...windows.map(({ index }) => `p${index}(i);`),
  ];
  return `function run(columns, ofPartition, basePosition, accepted, count, out) {
partition = ofPartition; base = basePosition;
${schema.leaves.map(({ column }) => `c${column} = columns[${column}].values;`).join(" ")}
${rowTables.map(({ index }) => `o${index} = out[${index}];`).join(" ")}
${reset}
for (let j = 0; j < count; j++) { const i = accepted[j]; ${takers.join(" ")} }
}`;
}
