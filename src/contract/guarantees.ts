/** What holds for every accepted event, derived from its schema: bounds of numbers, and what is never null. */
import { FINITE, type Range, SAFE, TIMES } from "../sql/types.ts";
import type { EventSchema, Leaf } from "./schema.ts";

/** Inclusive bounds of a number or a time in milliseconds; null for what is neither. */
export function rangeOf(leaf: Leaf): Range | null {
  const widest = widestRange(leaf);
  if (!widest) return null;
  return { low: leaf.minimum ?? widest.low, high: leaf.maximum ?? widest.high };
}

function widestRange({ type }: Leaf): Range | null {
  if (type.kind === "bigint") return SAFE;
  if (type.kind === "double") return FINITE;
  return type.kind === "timestamp" ? TIMES : null;
}

/** Whether the leaf or object at a dotted path is there in every accepted event. */
export function isAlwaysPresent({ requirements }: EventSchema, path: string): boolean {
  const always = new Set(requirements.filter(({ when }) => when === null).flatMap(({ paths }) => paths));
  const names = path.split(".");
  return names.every((_, index) => always.has(names.slice(0, index + 1).join(".")));
}
