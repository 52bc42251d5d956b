/** What becomes of running queries when the pipeline has changed. Pure. */
import { createHash } from "node:crypto";
import { type Diagnostic, throwIfAny } from "../../../errors.ts";
import { tableFingerprint } from "../../../pipeline/fingerprint.ts";
import { computedTables, type Pipeline, type Table } from "../../../pipeline/pipeline.ts";
import { tableDifferences } from "../../../pipeline/table-change.ts";
import { aggregateBelow } from "../../../sql/trace.ts";
import type { StreamQuery } from "../stream/query.ts";
import { type Counted, NOTHING_COUNTED } from "./count.ts";
import type { QueryRecord } from "./record.ts";

/** Started: it is to run with this, on the checkpoint of this generation. */
export interface Planned {
  readonly query: StreamQuery;
  readonly text: string;
  readonly state: string;
  readonly outputs: readonly string[];
  readonly generation: number;
  /** Of its checkpoint so far. */
  readonly counted: Counted;
  /** Whether a run of the text before may not go on. */
  readonly changed: boolean;
}

export interface Before {
  /** Null before the first start. */
  readonly pipeline: Pipeline | null;
  /** By name; former ones too. */
  readonly queries: Readonly<Record<string, QueryRecord>>;
}

export interface Wanted {
  readonly pipeline: Pipeline;
  readonly queries: readonly StreamQuery[];
  /** Beside the SQL, what they are started with. */
  readonly options: object;
  /** Whether those begin anew whose checkpoint can't take the change. */
  readonly anew: boolean;
}

/** Throws `spark.pipeline-changed` with a diagnostic a query, of those whose checkpoint can't take the change. */
export function planQueries(before: Before, wanted: Wanted): readonly Planned[] {
  const diagnostics: Diagnostic[] = [];
  const planned = wanted.queries.map((query) => {
    const kept = before.queries[query.name];
    const forms = formsOf(query, wanted);
    const outputs = outputsOf(query);
    const why = refusalOf({ query, outputs, state: forms.state }, before, wanted.pipeline);
    if (why !== null && !wanted.anew) diagnostics.push(refusal(query.name, why, wanted.pipeline));
    const isLost = kept?.failure?.code === "spark.offsets-gone" && wanted.anew;
    const goesOn = kept !== undefined && why === null && !isLost;
    return {
      ...{ query, ...forms, outputs },
      generation: goesOn ? kept.generation : (kept?.generation ?? 0) + 1,
      counted: goesOn ? kept.counted : NOTHING_COUNTED,
      changed: !goesOn || kept.text !== forms.text,
    };
  });
  throwIfAny(diagnostics);
  return planned;
}

/** Those of before that the pipeline has no more, without what another query sends from now on. */
export function formerQueries(before: Before, planned: readonly Planned[]): Before["queries"] {
  const taken = new Set(planned.flatMap(({ outputs }) => outputs));
  const gone = Object.entries(before.queries).filter(
    ([name]) => !planned.some(({ query }) => query.name === name),
  );
  return Object.fromEntries(
    gone.map(([name, its]) => {
      const outputs = its.outputs.filter((output) => !taken.has(output));
      return [name, { ...its, outputs, run: null, failure: null }];
    }),
  );
}

/** Names that no other query of a pipeline has. */
const outputsOf = ({ tables, alerts, deadLetters }: StreamQuery): readonly string[] => [
  ...tables,
  ...alerts.map((name) => `alert ${name}`),
  ...(deadLetters ? ["the dead letters"] : []),
];

interface Asked {
  readonly query: StreamQuery;
  readonly outputs: readonly string[];
  readonly state: string;
}

/** Why a query can't go on from where it or another was; null where it can. */
function refusalOf({ query, outputs, state }: Asked, before: Before, is: Pipeline): string | null {
  for (const [name, its] of Object.entries(before.queries)) {
    const moved = name === query.name ? [] : outputs.filter((output) => its.outputs.includes(output));
    if (moved.length > 0)
      return `query ${name} sent ${moved.join(", ")} so far, and stands elsewhere in the topic`;
  }
  const kept = before.queries[query.name];
  if (kept === undefined || kept.state === state) return null;
  return differences(query, before.pipeline, is);
}

/** A watermark's delay is none of what a checkpoint holds. */
function formsOf(query: StreamQuery, { pipeline, options }: Wanted): { text: string; state: string } {
  const { steps, sql, outputMode } = query;
  const streamed = steps.flatMap(({ dataFrame }) => (dataFrame === null ? [] : [undelayed(dataFrame)]));
  const batched = steps.map(({ name, sql: text }) => [name, text]);
  return {
    text: hash([steps, sql, outputMode, options]),
    state: hash(holdsGroups(query, pipeline) ? [streamed, batched, sql, outputMode] : [streamed]),
  };
}

const undelayed = (value: object): string =>
  JSON.stringify(value, (key: string, its: unknown) => (key === "delayMs" ? undefined : its));

const hash = (parts: unknown): string => createHash("sha256").update(JSON.stringify(parts)).digest("hex");

function holdsGroups(query: StreamQuery, pipeline: Pipeline): boolean {
  return tablesOf(query, pipeline).some(({ relation }) => aggregateBelow(relation) !== null);
}

/** Of its rows and of its alerts'. */
function tablesOf({ tables, alerts }: StreamQuery, pipeline: Pipeline): readonly Table[] {
  const raised = pipeline.alerts.filter(({ name }) => alerts.includes(name)).map(({ rows }) => rows.name);
  return computedTables(pipeline).filter(({ name }) => tables.includes(name) || raised.includes(name));
}

function differences(query: StreamQuery, was: Pipeline | null, is: Pipeline): string {
  const before = new Map((was === null ? [] : computedTables(was)).map((table) => [table.name, table]));
  const reasons = tablesOf(query, is).flatMap((table) => {
    const old = before.get(table.name);
    const raised = is.alerts.find(({ rows }) => rows.name === table.name);
    const name = raised === undefined ? table.name : `alert ${raised.name}`;
    if (old === undefined) return [`${name} is new in it`];
    if (tableFingerprint(old) === tableFingerprint(table)) return [];
    return [`${name}: ${tableDifferences(old, table).join("; ")}`];
  });
  return reasons.length > 0 ? reasons.join(", ") : "what stands below its windows is another";
}

const refusal = (name: string, why: string, { directory }: Pipeline): Diagnostic => ({
  code: "spark.pipeline-changed",
  message: `the checkpoint of query ${name} can't take the change: ${why}`,
  remedy: "Undo the change, or begin such queries anew from the topic's oldest record with --anew.",
  place: { file: directory },
});
