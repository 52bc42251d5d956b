/** Names that were perhaps meant by one that isn't there. */
import { distance } from "fastest-levenshtein";

/** The name that begins with what was typed, is most like it, or has it within or is within it; null where none is near. */
export function nearest(typed: string, names: readonly string[]): string | null {
  const begun = names.find((name) => typed !== "" && name.startsWith(typed));
  if (begun !== undefined) return begun;
  const [closest] = names
    .map((name) => ({ name, edits: distance(typed, name) }))
    .filter(({ name, edits }) => edits < name.length && edits <= Math.max(2, Math.floor(name.length / 3)))
    .sort((a, b) => a.edits - b.edits);
  return closest?.name ?? overlapping(typed, names);
}

/** Shorter names stand in others by chance. */
const LEAST_OVERLAP = 4;

function overlapping(typed: string, names: readonly string[]): string | null {
  const [longest] = names
    .map((name) => ({ name, overlap: typed.includes(name) ? name : name.includes(typed) ? typed : "" }))
    .filter(({ overlap }) => overlap.length >= LEAST_OVERLAP)
    .sort((a, b) => b.overlap.length - a.overlap.length);
  return longest?.name ?? null;
}

const MOST_LISTED = 12;

/** `Write amount_cents`, or what there is to choose from. */
export function suggest(name: string, candidates: readonly string[]): string {
  if (candidates.length === 0) return "There is nothing to choose from here";
  const near = nearest(name, candidates);
  if (near !== null) return `Write ${near}`;
  const more = candidates.length - MOST_LISTED;
  return `Use one of: ${candidates.slice(0, MOST_LISTED).join(", ")}${more > 0 ? `, and ${more} more` : ""}`;
}
