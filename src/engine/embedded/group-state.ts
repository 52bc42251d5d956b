/**
 * The state of one window table: a slot for each (group, pane) with events. A group's slots form a list from its
 * newest pane to its oldest, so that an event finds its slot at the front and a window is a run of the list.
 */
import type { AccumulatorField } from "./accumulators.ts";
import { findGroup, type KeyDictionary, releaseGroup, type SavedKeys } from "./keys.ts";

/** By field name: `width` cells a slot. Cells of a list hold strings, booleans, sets. */
export type Accumulators = Record<string, Float64Array | unknown[]>;

export interface GroupState {
  readonly keys: KeyDictionary;
  readonly fields: readonly AccumulatorField[];
  readonly accumulators: Accumulators;
  /** By slot: the pane's number (its start divided by the slide), the group, the next older slot or -1. */
  pane: Float64Array;
  group: Int32Array;
  next: Int32Array;
  /** By slot: 1 where events came since the last trigger; those slots, in the order of their first change. */
  changed: Uint8Array;
  changes: number[];
  /** By group: its newest slot, or -1. */
  head: Int32Array;
  /** Slots ever used; those given back. */
  used: number;
  free: number[];
  /** Slots of each pane, oldest first. */
  panes: Map<number, number[]>;
}

export function createGroupState(keys: KeyDictionary, fields: readonly AccumulatorField[]): GroupState {
  const state: GroupState = {
    keys,
    fields,
    accumulators: {},
    pane: new Float64Array(0),
    group: new Int32Array(0),
    next: new Int32Array(0),
    changed: new Uint8Array(0),
    changes: [],
    head: new Int32Array(0),
    used: 0,
    free: [],
    panes: new Map(),
  };
  resizeSlots(state, 16);
  return state;
}

/** The slot of a group's pane, made if there is none. Called by generated code for every event. */
export function slotOf(state: GroupState, group: number, pane: number): number {
  if (group < state.head.length) {
    const slot = state.head[group]!;
    if (slot >= 0 && state.pane[slot] === pane) return slot;
  }
  return findOlder(state, group, pane);
}

function findOlder(state: GroupState, group: number, pane: number): number {
  growHeads(state, group);
  let newer = -1;
  let slot = state.head[group]!;
  while (slot >= 0 && state.pane[slot]! > pane) {
    newer = slot;
    slot = state.next[slot]!;
  }
  return slot >= 0 && state.pane[slot] === pane ? slot : insertSlot(state, group, pane, newer, slot);
}

function insertSlot(state: GroupState, group: number, pane: number, newer: number, older: number): number {
  const slot = takeSlot(state);
  state.pane[slot] = pane;
  state.group[slot] = group;
  state.next[slot] = older;
  if (newer < 0) state.head[group] = slot;
  else state.next[newer] = slot;
  state.keys.references[group]! += 1;
  const slots = state.panes.get(pane);
  if (slots) slots.push(slot);
  else state.panes.set(pane, [slot]);
  return slot;
}

function takeSlot(state: GroupState): number {
  const slot = state.free.pop() ?? state.used++;
  if (slot >= state.pane.length) resizeSlots(state, state.pane.length * 2);
  state.changed[slot] = 0;
  for (const { name, width, initial } of state.fields) {
    fillCells(state.accumulators[name]!, initial, slot * width, (slot + 1) * width);
  }
  return slot;
}

function fillCells(cells: Float64Array | unknown[], value: number | null, from: number, to: number): void {
  if (Array.isArray(cells)) cells.fill(value, from, to);
  else cells.fill(value ?? Number.NaN, from, to);
}

/** Called by generated code for the first event of a slot since the last trigger. */
export function markChanged(state: GroupState, slot: number): void {
  state.changed[slot] = 1;
  state.changes.push(slot);
}

/** Gives back every slot of a pane that no open window covers. No older pane may be left. */
export function dropPane(state: GroupState, pane: number): void {
  for (const slot of state.panes.get(pane) ?? []) {
    const group = state.group[slot]!;
    unlinkOldest(state, group, slot);
    for (const { name, width, storage } of state.fields) {
      if (storage === "list") fillCells(state.accumulators[name]!, null, slot * width, (slot + 1) * width);
    }
    state.free.push(slot);
    releaseGroup(state.keys, group);
  }
  state.panes.delete(pane);
}

function unlinkOldest(state: GroupState, group: number, slot: number): void {
  let newer = state.head[group]!;
  if (newer === slot) {
    state.head[group] = -1;
    return;
  }
  while (state.next[newer] !== slot) newer = state.next[newer]!;
  state.next[newer] = -1;
}

function growHeads(state: GroupState, group: number): void {
  if (group < state.head.length) return;
  const head = new Int32Array(Math.max(16, 2 * group)).fill(-1);
  head.set(state.head);
  state.head = head;
}

function resizeSlots(state: GroupState, capacity: number): void {
  const copy = <T extends Float64Array | Int32Array | Uint8Array>(to: T, from: T): T => {
    to.set(from);
    return to;
  };
  state.pane = copy(new Float64Array(capacity), state.pane);
  state.group = copy(new Int32Array(capacity), state.group);
  state.next = copy(new Int32Array(capacity), state.next);
  state.changed = copy(new Uint8Array(capacity), state.changed);
  for (const field of state.fields) growField(state.accumulators, field, capacity);
}

function growField(
  accumulators: Accumulators,
  { name, width, storage }: AccumulatorField,
  capacity: number,
): void {
  const before = accumulators[name];
  if (storage === "list") {
    const list = Array.isArray(before) ? before : [];
    while (list.length < capacity * width) list.push(null);
    accumulators[name] = list;
    return;
  }
  const cells = new Float64Array(capacity * width);
  if (before instanceof Float64Array) cells.set(before);
  accumulators[name] = cells;
}

/** What a snapshot holds of a table's state. */
export interface GroupStateSnapshot {
  readonly accumulators: Accumulators;
  readonly pane: Float64Array;
  readonly group: Int32Array;
  readonly next: Int32Array;
  readonly changed: Uint8Array;
  readonly changes: number[];
  readonly head: Int32Array;
  readonly free: number[];
  readonly panes: Map<number, number[]>;
}

export function saveGroups(state: GroupState): GroupStateSnapshot {
  const { used, changes, free, panes, head } = state;
  const cells = state.fields.map(({ name, width }) => [
    name,
    state.accumulators[name]!.slice(0, used * width),
  ]);
  return {
    accumulators: Object.fromEntries(cells),
    pane: state.pane.slice(0, used),
    group: state.group.slice(0, used),
    next: state.next.slice(0, used),
    changed: state.changed.slice(0, used),
    changes,
    head: head.slice(),
    free,
    panes,
  };
}

/** The number that a saved group has now. */
export type Renumber = (savedGroup: number) => number;

/**
 * Brings a fresh state to what was saved. Copies every array: those of `saved` may be views of the snapshot's own
 * bytes. Groups are found again by their keys, since others may have come to the dictionary before.
 */
export function restoreGroups(state: GroupState, saved: GroupStateSnapshot, savedKeys: SavedKeys): Renumber {
  const { changes, free, panes } = saved;
  state.used = saved.pane.length;
  Object.assign(state, { changes, free, panes });
  state.pane = saved.pane;
  state.group = saved.group.slice();
  state.next = saved.next;
  state.changed = saved.changed;
  for (const { name } of state.fields) state.accumulators[name] = saved.accumulators[name]!;
  resizeSlots(state, Math.max(16, saved.pane.length));
  return restoreKeys(state, saved, savedKeys);
}

function restoreKeys(state: GroupState, saved: GroupStateSnapshot, savedKeys: SavedKeys): Renumber {
  const numbers = new Map<number, number>();
  const renumber = (savedGroup: number): number => {
    const known = numbers.get(savedGroup);
    if (known !== undefined) return known;
    const group = findGroup(
      state.keys,
      savedKeys.map((column) => column[savedGroup]!),
    );
    numbers.set(savedGroup, group);
    growHeads(state, group);
    state.head[group] = saved.head[savedGroup]!;
    return group;
  };
  for (const slots of saved.panes.values()) {
    for (const slot of slots) {
      const group = renumber(saved.group[slot]!);
      state.group[slot] = group;
      state.keys.references[group]! += 1;
    }
  }
  return renumber;
}

/** As if events had come to every slot since the last trigger. */
export function markAllChanged(state: GroupState): void {
  for (const slots of state.panes.values()) {
    for (const slot of slots) if (state.changed[slot] === 0) markChanged(state, slot);
  }
}
