/** What becomes of running queries when the pipeline has changed. Pure. */
import { createHash } from "node:crypto";
import { type Diagnostic, throwIfAny } from "../../../errors.ts";
import { tableFingerprint } from "../../../pipeline/fingerprint.ts";
import { computedTables, type Pipeline, type Table } from "../../../pipeline/pipeline.ts";
import { tableDifferences } from "../../../pipeline/table-change.ts";
import { aggregateBelow } from "../../../sql/trace.ts";
import type { StreamQuery } from "../stream/query.ts";
import type { QueryRecord } from "./record.ts";

/** Started: it is to run with this, on the checkpoint of this generation. */
export interface Planned {
  readonly query: StreamQuery;
  readonly text: string;
  readonly state: string;
  readonly generation: number;
  /** Whether a run of the text before may not go on. */
  readonly changed: boolean;
}

export interface Before {
  /** Null before the first start. */
  readonly pipeline: Pipeline | null;
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
    if (kept === undefined) return { query, ...forms, generation: 1, changed: true };
    const changed = kept.text !== forms.text;
    if (kept.state === forms.state) return { query, ...forms, generation: kept.generation, changed };
    if (!wanted.anew) diagnostics.push(refusal(query, before.pipeline, wanted.pipeline));
    return { query, ...forms, generation: kept.generation + 1, changed };
  });
  throwIfAny(diagnostics);
  return planned;
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

function refusal(query: StreamQuery, was: Pipeline | null, is: Pipeline): Diagnostic {
  const before = new Map((was === null ? [] : computedTables(was)).map((table) => [table.name, table]));
  const reasons = tablesOf(query, is).flatMap((table) => {
    const old = before.get(table.name);
    const raised = is.alerts.find(({ rows }) => rows.name === table.name);
    const name = raised === undefined ? table.name : `alert ${raised.name}`;
    if (old === undefined) return [`${name} is new in it`];
    if (tableFingerprint(old) === tableFingerprint(table)) return [];
    return [`${name}: ${tableDifferences(old, table).join("; ")}`];
  });
  const why = reasons.length > 0 ? reasons.join(", ") : "what stands below its windows is another";
  return {
    code: "spark.pipeline-changed",
    message: `the checkpoint of query ${query.name} can't take the change: ${why}`,
    remedy: "Undo the change, or begin such queries anew from the topic's oldest record with --anew.",
    place: { file: is.directory },
  };
}
