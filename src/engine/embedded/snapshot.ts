/**
 * The state of a session as bytes. The groups of an aggregate are known by what they compute, and counts by the
 * table's name, so that a pipeline with other tables takes over what it has in common.
 */
import { deserialize, serialize } from "node:v8";
import { fail } from "../../errors.ts";
import type { SourceSettings } from "../../pipeline/pipeline.ts";
import type { Program } from "./compile.ts";
import type { Gate } from "./gate.ts";
import { type GroupStateSnapshot, markAllChanged, restoreGroups, saveGroups } from "./group-state.ts";
import { type SavedKeys, saveKeys } from "./keys.ts";
import type { RebuiltState } from "./open.ts";
import { type Published, renumbered, type Windows } from "./windows.ts";

/** Changes when the form of `State` does. */
const FORM = 4;

interface State {
  readonly form: number;
  readonly source: SourceIdentity;
  readonly gate: Pick<Gate, "watermark" | "dedupe" | "counts">;
  readonly dictionaries: readonly SavedKeys[];
  /** By the identity of the aggregate. */
  readonly windows: ReadonlyMap<string, WindowsState>;
  /** By table. */
  readonly used: ReadonlyMap<string, number>;
}

interface WindowsState {
  /** Its place among the dictionaries. */
  readonly dictionary: number;
  readonly groups: GroupStateSnapshot;
  readonly published: ReadonlyMap<string, Published>;
  readonly closedThrough: number;
}

type SourceIdentity = Pick<SourceSettings, "eventTime" | "eventId">;

/** The parts of a session that change. */
export interface Parts {
  readonly source: SourceSettings;
  readonly gate: Gate;
  readonly program: Program;
}

export function takeSnapshot({ source, gate, program }: Parts): Uint8Array {
  const { watermark, dedupe, counts } = gate;
  const state: State = {
    form: FORM,
    source: { eventTime: source.eventTime, eventId: source.eventId },
    gate: { watermark, dedupe, counts },
    dictionaries: program.dictionaries.map(saveKeys),
    windows: new Map(program.windows.map((windows) => [windows.identity, saveWindows(windows, program)])),
    used: new Map(program.tables.map((table, index) => [table, program.used[index]!])),
  };
  return serialize(state);
}

function saveWindows({ groups, published, closedThrough }: Windows, { dictionaries }: Program): WindowsState {
  return {
    dictionary: dictionaries.indexOf(groups.keys),
    groups: saveGroups(groups),
    published,
    closedThrough,
  };
}

/**
 * Brings fresh parts to the snapshot's state, but for some aggregates; what it knows nothing of begins empty, and the
 * delay is the parts' own. Throws `engine.snapshot-mismatch` where times or ids of events are other fields.
 */
export function restoreSnapshot(
  snapshot: Uint8Array,
  { source, gate, program }: Parts,
  except: ReadonlySet<string> = new Set(),
): void {
  const state = read(snapshot);
  if (state === null || !isOf(state, source)) throw mismatch();
  const { watermark, dedupe, counts } = state.gate;
  gate.watermark = { ...watermark, delayMs: gate.watermark.delayMs };
  gate.dedupe = { ...dedupe, delayMs: gate.dedupe.delayMs };
  gate.counts = counts;
  for (const windows of program.windows) if (!except.has(windows.identity)) restoreWindows(windows, state);
  restoreUsed(program, state, new Set(program.tables));
}

/**
 * Takes over from another session the aggregates that `restoreSnapshot` left out, and the counts of the tables named.
 * Their open windows leave at the next trigger as they are.
 */
export function addRebuilt({ snapshot, tables, aggregates }: RebuiltState, { program, gate }: Parts): void {
  const state = read(snapshot);
  if (state === null) throw mismatch();
  for (const windows of program.windows) {
    if (aggregates.has(windows.identity)) restoreWindows(windows, state);
    if (windows.open !== null && windows.tables.some((table) => tables.has(table)))
      markAllChanged(windows.groups);
  }
  restoreUsed(program, state, tables);
  for (const [index, used] of program.used.entries())
    program.used[index] = Math.min(used, gate.counts.accepted);
}

/** An alert that is new has published nothing: every group is looked at again. One that is gone is forgotten. */
function restoreWindows(windows: Windows, state: State): void {
  const saved = state.windows.get(windows.identity);
  if (!saved) return;
  const renumber = restoreGroups(windows.groups, saved.groups, state.dictionaries[saved.dictionary]!);
  windows.closedThrough = saved.closedThrough;
  for (const [table, left] of windows.published) {
    const before = saved.published.get(table);
    if (!before) markAllChanged(windows.groups);
    for (const [window, its] of before ?? []) left.set(window, renumbered(its, renumber));
  }
}

function restoreUsed(program: Program, { used }: State, tables: ReadonlySet<string>): void {
  for (const [index, table] of program.tables.entries()) {
    if (tables.has(table)) program.used[index] = used.get(table) ?? 0;
  }
}

/** Null where the bytes are no snapshot of this form. */
function read(snapshot: Uint8Array): State | null {
  try {
    const state: State = deserialize(snapshot);
    return state?.form === FORM ? state : null;
  } catch {
    return null;
  }
}

function isOf({ source }: State, { eventTime, eventId }: SourceIdentity): boolean {
  return source.eventTime === eventTime && source.eventId === eventId;
}

function mismatch(): Error {
  return fail(
    "engine.snapshot-mismatch",
    "the saved state belongs to another pipeline",
    "Go back to the pipeline that it was saved with, or start from an empty data directory",
  );
}
