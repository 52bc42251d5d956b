/** Which topics a pipeline has, and how they are found by name. */
import { fail, type LoanstreamError } from "../errors.ts";
import type { Pipeline, Table } from "../pipeline/pipeline.ts";
import { ownTopics } from "../pipeline/topic-names.ts";
import { nearest } from "../suggest.ts";

/** input, late and dlq hold events as they came, personal values included; outputs and alerts hold nothing personal. */
export type TopicKind = "input" | "output" | "alerts" | "late" | "dlq";

export interface Topic {
  readonly name: string;
  readonly kind: TopicKind;
  /** In a few words. */
  readonly holds: string;
  /** Whose rows it holds; none but for outputs. */
  readonly tables: readonly Table[];
}

/** Events, outputs in the pipeline's order, alerts, late and dead events. */
export function topicsOf({ source, tables }: Pick<Pipeline, "source" | "tables">): readonly Topic[] {
  const own = ownTopics(source);
  const outputs = Map.groupBy(tables, ({ topic }) => topic);
  const topic = (name: string, kind: TopicKind, holds: string): Topic => ({ name, kind, holds, tables: [] });
  return [
    topic(own.input, "input", "events as they came"),
    ...[...outputs].map(([name, rows]) => outputTopic(name, rows)),
    topic(own.alerts, "alerts", "alerts, each once"),
    topic(own.late, "late", "events that came too late"),
    topic(own.dlq, "dlq", "dead records, with path and reason"),
  ];
}

function outputTopic(name: string, tables: readonly Table[]): Topic {
  return { name, kind: "output", holds: `rows of ${tables.map((table) => table.name).join(", ")}`, tables };
}

interface Nameable {
  readonly name: string;
  readonly kind: string;
  readonly tables?: readonly { readonly name: string }[];
}

/**
 * The topic of a name, or of the end of one: `risk` for `loan.output.risk` where no other ends so; `input` is that of
 * the events whatever its name. Throws `topic.unknown`.
 */
export function topicNamed<Named extends Nameable>(topics: readonly Named[], name: string): Named {
  const exact = topics.find((topic) => topic.name === name);
  const ending = topics.filter((topic) => topic.name.endsWith(`.${name}`));
  const short = ending.length > 0 ? ending : topics.filter(({ kind }) => kind === "input" && kind === name);
  const [found] = exact ? [exact] : short.length === 1 ? short : [];
  if (found) return found;
  const holder = topics.find(({ tables }) => tables?.some((table) => table.name === name));
  if (holder) throw tableInstead(name, holder);
  throw unknown(
    name,
    (short.length > 1 ? short : topics).map((topic) => topic.name),
  );
}

function tableInstead(table: string, { name }: Nameable): LoanstreamError {
  const short = name.slice(name.lastIndexOf(".") + 1);
  const message = `${table} is no topic but a table of ${name}`;
  return fail("topic.unknown", message, `Write: loanstream consume ${short} --table ${table}.`);
}

function unknown(name: string, names: readonly string[]): LoanstreamError {
  const near = nearest(name, [...names, ...names.map((full) => full.slice(full.lastIndexOf(".") + 1))]);
  const remedy = near === null ? `Use one of: ${names.join(", ")}.` : `Did you mean ${near}?`;
  return fail("topic.unknown", `there is no topic ${name}`, remedy);
}

/** Whether its records may hold personal values. */
export function isOfSource({ kind }: Topic): boolean {
  return kind === "input" || kind === "late" || kind === "dlq";
}
