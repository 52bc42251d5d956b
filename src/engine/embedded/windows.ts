/** Which windows of which groups leave at a trigger, and which panes are done with. */
import type { Value } from "../../sql/types.ts";
import { dropPane, type GroupState } from "./group-state.ts";

type Row = readonly Value[];

/** Puts out the rows of one window of one group, whose slots stand in the scratch array; `out` by table. Generated. */
export type Evaluate = (group: number, window: number, count: number, slotSet: number, out: Row[][]) => void;

/** The windows of one aggregate, for all tables over it. */
export interface Windows {
  /** What their state is known by, from one pipeline to another. */
  readonly identity: string;
  /** Names of the tables over them. */
  readonly tables: readonly string[];
  readonly sizeMs: number;
  readonly slideMs: number;
  readonly groups: GroupState;
  /** Puts out what leaves while a window is open, for a group that changed; null where nothing does. */
  readonly open: Evaluate | null;
  /** Puts out what leaves when a window has closed; null where nothing does. */
  readonly closed: Evaluate | null;
  /** Of tables that put out each group once: what has left, by the table's name. */
  readonly published: ReadonlyMap<string, Published>;
  /** Windows up to this number (their start divided by the slide) have closed. */
  closedThrough: number;
}

/** By the number of an open window: what has left, as `elementOf` a group. */
export type Published = Map<number, Set<number>>;

const GROUPS = 2 ** 32;

/** Text that stands for one exploded element of a group; for the group itself if it is not exploded. */
export function elementOf(group: string, element: number): string {
  return element === 0 ? group : `${group} + ${element * GROUPS}`;
}

/** The same elements by the numbers that their groups have now. */
export function renumbered(elements: ReadonlySet<number>, renumber: (group: number) => number): Set<number> {
  return new Set([...elements].map((its) => its - (its % GROUPS) + renumber(its % GROUPS)));
}

/** Whether this is its first time, which it no longer is then. Called by generated code. */
export function isFirst(published: Published, window: number, groupElement: number): boolean {
  const left = published.get(window) ?? new Set();
  if (left.has(groupElement)) return false;
  published.set(window, left.add(groupElement));
  return true;
}

/** Slots of the window at hand, newest first; shared with the generated code. */
export interface Scratch {
  readonly slots: Int32Array;
  /** Tells one set of slots from the set before, so that aggregates over equal sets are taken once. */
  slotSet: number;
}

/**
 * Adds to `out`, by table, the rows due at this watermark (`Infinity` at the end of the input); then drops what
 * belongs to closed windows only.
 */
export function putOutDue(windows: Windows, watermarkMs: number, scratch: Scratch, out: Row[][]): void {
  if (windows.open) evaluateChanged(windows, windows.open, scratch, out);
  closeWindows(windows, watermarkMs, scratch, out);
  dropClosed(windows, watermarkMs);
}

function evaluateChanged(windows: Windows, open: Evaluate, scratch: Scratch, out: Row[][]): void {
  const { groups } = windows;
  for (const slot of groups.changes) {
    if (groups.changed[slot] === 1) evaluateChanges(windows, open, groups.group[slot]!, scratch, out);
  }
  groups.changes = [];
}

/** Every window over a changed pane of the group that hasn't closed, oldest first. */
function evaluateChanges(
  windows: Windows,
  open: Evaluate,
  group: number,
  scratch: Scratch,
  out: Row[][],
): void {
  const { groups } = windows;
  const changedPanes: number[] = [];
  for (let slot = groups.head[group]!; slot >= 0; slot = groups.next[slot]!) {
    if (groups.changed[slot] === 1) changedPanes.push(groups.pane[slot]!);
    groups.changed[slot] = 0;
  }
  scratch.slotSet += 1;
  for (const window of windowsOver(changedPanes.reverse(), spanOf(windows))) {
    if (window <= windows.closedThrough) continue;
    evaluateWindow(windows, open, group, window, scratch, out);
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

function closeWindows(windows: Windows, watermarkMs: number, scratch: Scratch, out: Row[][]): void {
  const { closed, closedThrough } = windows;
  const through = lastClosed(windows, watermarkMs);
  if (through <= closedThrough) return;
  windows.closedThrough = through;
  if (!closed) return;
  for (const window of windowsOver(panesOf(windows), spanOf(windows))) {
    if (window > closedThrough && window <= through) evaluateClosed(windows, closed, window, scratch, out);
  }
}

function evaluateClosed(
  windows: Windows,
  closed: Evaluate,
  window: number,
  scratch: Scratch,
  out: Row[][],
): void {
  const { groups } = windows;
  for (let pane = window; pane < window + spanOf(windows); pane += 1) {
    for (const slot of groups.panes.get(pane) ?? []) {
      const older = groups.next[slot]!;
      if (older >= 0 && groups.pane[older]! >= window) continue;
      scratch.slotSet += 1;
      evaluateWindow(windows, closed, groups.group[slot]!, window, scratch, out);
    }
  }
}

function evaluateWindow(
  windows: Windows,
  evaluate: Evaluate,
  group: number,
  window: number,
  scratch: Scratch,
  out: Row[][],
): void {
  const { pane, next, head } = windows.groups;
  const { slots } = scratch;
  const end = window + spanOf(windows);
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
  evaluate(group, window, count, scratch.slotSet, out);
}

function dropClosed(windows: Windows, watermarkMs: number): void {
  const { groups, published, closedThrough } = windows;
  for (const left of published.values()) {
    for (const window of left.keys()) if (window <= closedThrough) left.delete(window);
  }
  for (const pane of panesOf(windows)) {
    if (pane * windows.slideMs + windows.sizeMs > watermarkMs) return;
    dropPane(groups, pane);
  }
}

function panesOf({ groups }: Windows): number[] {
  return [...groups.panes.keys()].sort((a, b) => a - b);
}

function spanOf({ sizeMs, slideMs }: Windows): number {
  return sizeMs / slideMs;
}

function lastClosed({ sizeMs, slideMs }: Windows, watermarkMs: number): number {
  return Math.floor((watermarkMs - sizeMs) / slideMs);
}
