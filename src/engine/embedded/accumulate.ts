/** What the generated code of aggregates calls. */
import { fail } from "../../errors.ts";

const LIMIT = Number.MAX_SAFE_INTEGER;
const WORD = 2 ** 32;
const LEAST = -(2n ** 63n);
const GREATEST = 2n ** 63n - 1n;

/**
 * Adds to an exact sum of two words, `high · 2^32 + low`. The low word is NaN while nothing was added, and carries
 * into the high one only when it would leave ±(2^53-1).
 */
export function addWide(low: Float64Array, high: Float64Array, slot: number, x: number): void {
  const sum = low[slot]! + x;
  if (sum >= -LIMIT && sum <= LIMIT) low[slot] = sum;
  else carry(low, high, slot, x);
}

function carry(low: Float64Array, high: Float64Array, slot: number, x: number): void {
  const before = low[slot]!;
  if (Number.isNaN(before)) {
    low[slot] = x;
    return;
  }
  const words = Math.floor(before / WORD);
  const added = Math.floor(x / WORD);
  low[slot] = before - words * WORD + (x - added * WORD);
  high[slot]! += words + added;
}

/** The sum over some slots: NaN if nothing was added, a number where it is safe, else a bigint. */
export function wideSum(
  low: Float64Array,
  high: Float64Array,
  slots: Int32Array,
  count: number,
  table: string,
): number | bigint {
  let sum = 0n;
  let empty = true;
  for (let i = 0; i < count; i++) {
    const slot = slots[i]!;
    if (Number.isNaN(low[slot]!)) continue;
    empty = false;
    sum += BigInt(high[slot]!) * BigInt(WORD) + BigInt(low[slot]!);
  }
  if (empty) return Number.NaN;
  if (sum < LEAST || sum > GREATEST) throw overflow(table);
  return sum >= -LIMIT && sum <= LIMIT ? Number(sum) : sum;
}

function overflow(table: string): Error {
  return fail(
    "engine.sum-overflow",
    `a sum of table ${table} left the range of 64 bits`,
    "Sum smaller values, or over shorter windows or finer groups",
  );
}

/** The bin of `x` between ascending bounds: how many of them are at most `x`. */
export function binOf(bounds: readonly number[], x: number): number {
  let from = 0;
  let to = bounds.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (bounds[middle]! <= x) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** A cell holds null, the one value, or a set: most groups of rare keys have one value. */
export function addToSet(cells: unknown[], slot: number, x: unknown): void {
  const cell = cells[slot];
  if (cell === x) return;
  if (cell === null) cells[slot] = x;
  else if (cell instanceof Set) cell.add(x);
  else cells[slot] = new Set([cell, x]);
}

/** The distinct values over some slots, in no order that means anything. */
export function unionOf(cells: unknown[], slots: Int32Array, count: number): unknown[] {
  if (count === 1) return listOf(cells[slots[0]!]);
  const union = new Set<unknown>();
  for (let i = 0; i < count; i++) {
    const cell = cells[slots[i]!];
    if (cell instanceof Set) for (const value of cell) union.add(value);
    else if (cell !== null) union.add(cell);
  }
  return [...union];
}

function listOf(cell: unknown): unknown[] {
  if (cell instanceof Set) return [...cell];
  return cell === null ? [] : [cell];
}
