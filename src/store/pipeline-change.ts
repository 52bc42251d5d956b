/** The pipeline that a store's tables belong to: kept with them, and compared with the one that a start brings. */
import type { DatabaseSync } from "node:sqlite";
import { deserialize, serialize } from "node:v8";
import { type Diagnostic, type ErrorCode, throwIfAny } from "../errors.ts";
import { fingerprint, tableFingerprint } from "../pipeline/fingerprint.ts";
import type { Pipeline, Table } from "../pipeline/pipeline.ts";
import { sourceObjections } from "../pipeline/source-change.ts";
import { tableDifferences } from "../pipeline/table-change.ts";
import { ANEW_FROM_TOPIC, isEmbedded } from "./anew.ts";
import { readProgress } from "./progress.ts";
import type { Begun } from "./store.ts";

/**
 * `begun_position`: the engine counts what came from there on; rows of before may have come by a rebuild.
 * `ended_position`: the table was taken out of the pipeline there; its rows stay. Either is the positions of all
 * partitions together.
 */
export const PIPELINE_TABLES = `
  CREATE TABLE IF NOT EXISTS loanstream_pipeline (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    plan BLOB NOT NULL
  );
  CREATE TABLE IF NOT EXISTS loanstream_tables (
    name TEXT PRIMARY KEY COLLATE NOCASE,
    fingerprint TEXT NOT NULL,
    begun_position INTEGER NOT NULL,
    ended_position INTEGER
  );
`;

export interface PipelineChange {
  /** The pipeline that everything up to here was computed with. */
  readonly before: Pipeline;
  /** Tables that the store has with another content. None unless they are to be rebuilt. */
  readonly changed: readonly Table[];
  /** Tables that the store doesn't have. */
  readonly added: readonly Table[];
  /** What the user should know, a line each. */
  readonly notices: readonly string[];
}

interface Kept {
  readonly name: string;
  readonly fingerprint: string;
  readonly ended: boolean;
}

/**
 * How the pipeline differs from the one kept; null if by nothing that its rows depend on. A store without a pipeline
 * gets this one. Throws `store.pipeline-changed` with a diagnostic a table, of those that are not to be rebuilt.
 */
export function pipelineChange(
  database: DatabaseSync,
  directory: string,
  pipeline: Pipeline,
  rebuilt: ReadonlySet<string>,
): PipelineChange | null {
  const before = keptPipeline(database);
  if (before === null) keepPipeline(database, pipeline, 0);
  if (before === null || fingerprint(before) === fingerprint(pipeline)) return null;
  const kept = keptTables(database);
  const changed = pipeline.tables.filter((table) => isOther(table, before, kept));
  const refused = changed.filter(({ name }) => !rebuilt.has(name));
  const remedies = remediesFor(readProgress(database).log);
  const names = changed.map(({ name }) => name).join(" ");
  throwIfAny([
    ...sourceObjections(before, pipeline).map((found) => refusal(directory, found, remedies.ofSource)),
    ...refused.map((table) => tableRefusal(directory, before, table, remedies.ofTables(names))),
  ]);
  const added = pipeline.tables.filter(({ name }) => kept.get(name.toLowerCase())?.ended !== false);
  const now = new Set(pipeline.tables.map(({ name }) => name.toLowerCase()));
  const gone = before.tables.filter(({ name }) => !now.has(name.toLowerCase()));
  const unfilled = added.filter(({ name }) => !rebuilt.has(name));
  return { before, changed, added, notices: noticesOf(before, pipeline, unfilled, gone, remedies.fills) };
}

/** Makes the pipeline the one that the tables belong to from a position on. To be called within a transaction. */
export function keepPipeline(database: DatabaseSync, pipeline: Pipeline, position: number): void {
  database.prepare("INSERT OR REPLACE INTO loanstream_pipeline VALUES (1, ?)").run(serialize(pipeline));
  const names = JSON.stringify(pipeline.tables.map(({ name }) => name));
  database
    .prepare(
      `UPDATE loanstream_tables SET ended_position = ?
       WHERE ended_position IS NULL AND name NOT IN (SELECT value FROM json_each(?))`,
    )
    .run(position, names);
  const begin = database.prepare(
    `INSERT INTO loanstream_tables VALUES (?, ?, ?, NULL) ON CONFLICT (name) DO UPDATE SET
       begun_position = iif(ended_position IS NULL AND fingerprint = excluded.fingerprint, begun_position,
         excluded.begun_position),
       name = excluded.name, fingerprint = excluded.fingerprint, ended_position = NULL`,
  );
  for (const table of pipeline.tables) begin.run(table.name, tableFingerprint(table), position);
}

/** The tables named were computed anew from a position on. To be called within a transaction. */
export function keepBegun(database: DatabaseSync, { tables, fromPosition }: Begun): void {
  const update = database.prepare("UPDATE loanstream_tables SET begun_position = ? WHERE name = ?");
  for (const name of tables) update.run(fromPosition, name);
}

/** Of tables that the pipeline kept has. */
export function begunPositions(database: DatabaseSync): ReadonlyMap<string, number> {
  const rows = database.prepare(
    "SELECT name, begun_position FROM loanstream_tables WHERE ended_position IS NULL",
  );
  return new Map(rows.all().map(({ name, begun_position: begun }) => [String(name), Number(begun)]));
}

function keptPipeline(database: DatabaseSync): Pipeline | null {
  const plan = database.prepare("SELECT plan FROM loanstream_pipeline").get()?.plan;
  return plan instanceof Uint8Array ? deserialize(plan) : null;
}

/** By name in small letters, since SQLite takes names so. */
function keptTables(database: DatabaseSync): ReadonlyMap<string, Kept> {
  const rows = database.prepare("SELECT name, fingerprint, ended_position FROM loanstream_tables").all();
  const kept = rows.map(({ name, fingerprint: hash, ended_position: ended }) => ({
    name: String(name),
    fingerprint: String(hash),
    ended: ended !== null,
  }));
  return new Map(kept.map((table) => [table.name.toLowerCase(), table]));
}

function isOther(table: Table, before: Pipeline, kept: ReadonlyMap<string, Kept>): boolean {
  const was = before.tables.find(({ name }) => name === table.name);
  if (was) return tableFingerprint(was) !== tableFingerprint(table);
  const ended = kept.get(table.name.toLowerCase());
  return ended !== undefined && (ended.name !== table.name || ended.fingerprint !== tableFingerprint(table));
}

interface Remedies {
  readonly ofSource: string;
  ofTables(names: string): string;
  /** Of a table that is new. */
  fills(name: string): string;
}

function remediesFor(log: string | null): Remedies {
  const back = (other: string) => `Take the change back, or ${other}.`;
  if (!isEmbedded(log)) {
    const either = back(ANEW_FROM_TOPIC);
    return { ofSource: either, ofTables: () => either, fills: () => "" };
  }
  return {
    ofSource: back("set loanstream.sqlite aside: the next start takes in anew what the log keeps"),
    ofTables: (names) => back(`run "loanstream rebuild ${names}"`),
    fills: (name) => `; "loanstream rebuild ${name}" fills it`,
  };
}

function tableRefusal(directory: string, before: Pipeline, table: Table, remedy: string): Diagnostic {
  const was = before.tables.find(({ name }) => name === table.name);
  const what = was ? tableDifferences(was, table).join("; ") : "it isn't the one that was taken out";
  return refusal(directory, `the table ${table.name} has changed: ${what}`, remedy);
}

function refusal(file: string, message: string, remedy: string): Diagnostic {
  const code: ErrorCode = "store.pipeline-changed";
  return { code, message, remedy, place: { file } };
}

function noticesOf(
  before: Pipeline,
  after: Pipeline,
  added: readonly Table[],
  gone: readonly Table[],
  fills: Remedies["fills"],
): readonly string[] {
  const seconds = (ms: number) => `${ms / 1000} s`;
  const delay =
    before.delayMs === after.delayMs
      ? []
      : [`the delay is ${seconds(after.delayMs)}, was ${seconds(before.delayMs)}: it holds from here on`];
  return [
    ...delay,
    ...added.map(({ name }) => `the table ${name} begins with what comes from here on${fills(name)}`),
    ...gone.map(({ name }) => `the table ${name} is no longer in the pipeline: its rows stay as they are`),
  ];
}
