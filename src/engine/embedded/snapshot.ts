/** The state of a session as bytes, bound to the plan that it belongs to. */
import { deserialize, serialize } from "node:v8";
import { fail } from "../../errors.ts";
import type { Program } from "./compile.ts";
import type { Gate } from "./gate.ts";
import { type GroupStateSnapshot, restoreGroups, saveGroups } from "./group-state.ts";
import { type KeyDictionaryState, restoreKeys, saveKeys } from "./keys.ts";
import type { Published, Windows } from "./windows.ts";

/** Changes when the form of `State` does. */
const FORM = 3;

interface State {
  readonly form: number;
  readonly fingerprint: string;
  readonly gate: Pick<Gate, "watermark" | "dedupe" | "counts">;
  readonly dictionaries: readonly KeyDictionaryState[];
  readonly windows: readonly WindowsState[];
  readonly used: Float64Array;
}

interface WindowsState {
  readonly groups: GroupStateSnapshot;
  readonly published: ReadonlyMap<string, Published>;
  readonly closedThrough: number;
}

export function takeSnapshot(fingerprint: string, gate: Gate, program: Program): Uint8Array {
  const { watermark, dedupe, counts } = gate;
  const state: State = {
    form: FORM,
    fingerprint,
    gate: { watermark, dedupe, counts },
    dictionaries: program.dictionaries.map(saveKeys),
    windows: program.windows.map(({ groups, published, closedThrough }) => ({
      groups: saveGroups(groups),
      published,
      closedThrough,
    })),
    used: program.used,
  };
  return serialize(state);
}

/** Brings fresh parts to the snapshot's state. Throws `engine.snapshot-mismatch` for another plan's snapshot. */
export function restoreSnapshot(
  snapshot: Uint8Array,
  fingerprint: string,
  gate: Gate,
  program: Program,
): void {
  const state = read(snapshot);
  if (state?.form !== FORM || state.fingerprint !== fingerprint) throw mismatch();
  Object.assign(gate, state.gate);
  for (const [index, keys] of state.dictionaries.entries()) restoreKeys(program.dictionaries[index]!, keys);
  for (const [index, its] of state.windows.entries()) restoreWindows(program.windows[index]!, its);
  program.used.set(state.used.subarray(0, program.used.length));
}

/** An alert that is new has published nothing; one that is gone is forgotten. */
function restoreWindows(windows: Windows, { groups, published, closedThrough }: WindowsState): void {
  restoreGroups(windows.groups, groups);
  windows.closedThrough = closedThrough;
  for (const [table, left] of windows.published) {
    for (const [window, its] of published.get(table) ?? []) left.set(window, its);
  }
}

/** Null where the bytes are no snapshot at all. */
function read(snapshot: Uint8Array): State | null {
  try {
    return deserialize(snapshot);
  } catch {
    return null;
  }
}

function mismatch(): Error {
  return fail(
    "engine.snapshot-mismatch",
    "the saved state belongs to another pipeline",
    "Go back to the pipeline that it was saved with, or start from an empty data directory",
  );
}
