/** Which windows of which groups leave at a trigger, and which panes are done with. */
import type { Value } from "../../sql/types.ts";
import { dropPane, type GroupState } from "./group-state.ts";

type Row = readonly Value[];

/** Puts out the rows of one window of one group, whose slots stand in the scratch array. Generated. */
export type Evaluate = (group: number, window: number, count: number, slotSet: number, rows: Row[]) => void;

export interface WindowTable {
  readonly name: string;
  readonly emit: "update" | "final";
  readonly sizeMs: number;
  readonly slideMs: number;
  readonly groups: GroupState;
  readonly evaluate: Evaluate;
  /** `final`: windows up to this number (their start divided by the slide) have left. */
  closedThrough: number;
}

/** Slots of the window at hand, newest first; shared with the generated code. */
export interface Scratch {
  readonly slots: Int32Array;
  /** Tells one set of slots from the set before, so that aggregates over equal sets are taken once. */
  slotSet: number;
}

/** Rows due at this watermark (`Infinity` at the end of the input), after which closed panes are dropped. */
export function rowsDue(table: WindowTable, watermarkMs: number, scratch: Scratch): Row[] {
  const rows =
    table.emit === "update" ? changedRows(table, scratch) : closedRows(table, watermarkMs, scratch);
  dropClosed(table, watermarkMs);
  return rows;
}

function changedRows(table: WindowTable, scratch: Scratch): Row[] {
  const { groups } = table;
  const rows: Row[] = [];
  for (const slot of groups.changes) {
    if (groups.changed[slot] === 1) evaluateChanges(table, groups.group[slot]!, scratch, rows);
  }
  groups.changes = [];
  return rows;
}

/** Every window over a changed pane of the group, oldest first. */
function evaluateChanges(table: WindowTable, group: number, scratch: Scratch, rows: Row[]): void {
  const { groups } = table;
  const changedPanes: number[] = [];
  for (let slot = groups.head[group]!; slot >= 0; slot = groups.next[slot]!) {
    if (groups.changed[slot] === 1) changedPanes.push(groups.pane[slot]!);
    groups.changed[slot] = 0;
  }
  scratch.slotSet += 1;
  for (const window of windowsOver(changedPanes.reverse(), spanOf(table))) {
    evaluateWindow(table, group, window, scratch, rows);
  }
}

/** Windows that hold any of the panes; panes ascending, windows ascending. */
function windowsOver(panes: readonly number[], span: number): number[] {
  const windows: number[] = [];
  let next = Number.NEGATIVE_INFINITY;
  for (const pane of panes) {
    for (let window = Math.max(next, pane - span + 1); window <= pane; window += 1) windows.push(window);
    next = pane + 1;
  }
  return windows;
}

function closedRows(table: WindowTable, watermarkMs: number, scratch: Scratch): Row[] {
  const rows: Row[] = [];
  const through = lastClosed(table, watermarkMs);
  if (through <= table.closedThrough) return rows;
  for (const window of windowsOver(panesOf(table), spanOf(table))) {
    if (window > table.closedThrough && window <= through) evaluateClosed(table, window, scratch, rows);
  }
  table.closedThrough = through;
  return rows;
}

function evaluateClosed(table: WindowTable, window: number, scratch: Scratch, rows: Row[]): void {
  const { groups } = table;
  for (let pane = window; pane < window + spanOf(table); pane += 1) {
    for (const slot of groups.panes.get(pane) ?? []) {
      const older = groups.next[slot]!;
      if (older >= 0 && groups.pane[older]! >= window) continue;
      scratch.slotSet += 1;
      evaluateWindow(table, groups.group[slot]!, window, scratch, rows);
    }
  }
}

function evaluateWindow(
  table: WindowTable,
  group: number,
  window: number,
  scratch: Scratch,
  rows: Row[],
): void {
  const { pane, next, head } = table.groups;
  const { slots } = scratch;
  const end = window + spanOf(table);
  let slot = head[group]!;
  while (slot >= 0 && pane[slot]! >= end) slot = next[slot]!;
  let count = 0;
  let same = true;
  for (; slot >= 0 && pane[slot]! >= window; slot = next[slot]!) {
    same &&= slots[count] === slot;
    slots[count] = slot;
    count += 1;
  }
  if (!same || slots[count] !== -1) scratch.slotSet += 1;
  slots[count] = -1;
  table.evaluate(group, window, count, scratch.slotSet, rows);
}

function dropClosed(table: WindowTable, watermarkMs: number): void {
  const { groups, slideMs, sizeMs } = table;
  for (const pane of panesOf(table)) {
    if (pane * slideMs + sizeMs > watermarkMs) return;
    dropPane(groups, pane);
  }
}

function panesOf({ groups }: WindowTable): number[] {
  return [...groups.panes.keys()].sort((a, b) => a - b);
}

function spanOf({ sizeMs, slideMs }: WindowTable): number {
  return sizeMs / slideMs;
}

function lastClosed({ sizeMs, slideMs }: WindowTable, watermarkMs: number): number {
  return Math.floor((watermarkMs - sizeMs) / slideMs);
}
