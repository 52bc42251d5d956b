/** What of a pipeline its tables and an engine's state depend on, as hashes; its alerts are no part of them. */
import { createHash } from "node:crypto";
import { identityOf } from "../sql/identity.ts";
import type { Pipeline, Table } from "./pipeline.ts";

/** Say nothing of which events are accepted: what a field means, and whose data it is. */
const IGNORED = new Set(["description", "pii", "protected"]);

/** Equal for two pipelines exactly if they accept the same events and compute the same tables, in one order. */
export function fingerprint({ source, delayMs, schema, tables }: Pipeline): string {
  const { eventTime, eventId } = source;
  const { leaves, requirements } = schema;
  const its = tables.map((table) => [table.name, tableFingerprint(table)]);
  return hash({ eventTime, eventId, delayMs, leaves, requirements, tables: its });
}

/** Equal for two tables exactly if they put out the same rows of the same accepted events. */
export function tableFingerprint({ emit, key, relation }: Table): string {
  const { rows, columns } = identityOf(relation);
  const named = relation.columns.map(({ name, type }, index) => ({ name, type, computed: columns[index] }));
  const ofKey = relation.columns.filter(({ name }) => key.includes(name));
  return hash({
    emit,
    rows,
    columns: named.sort(byName),
    key: ofKey.map(({ name, nullable }) => ({ name, nullable })).sort(byName),
  });
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}

function hash(parts: object): string {
  const text = JSON.stringify(parts, (key: string, value: unknown) => (IGNORED.has(key) ? undefined : value));
  return createHash("sha256").update(text).digest("hex");
}
