/** How what was published stands to what is stored. */
import { reaches } from "../eventlog/positions.ts";
import type { Published } from "./publisher.ts";

/**
 * behind: the store has committed more, which is to be published; ahead: the store is an older copy of the one whose
 * commits were published. Commits of one store ascend in positions, and in numbers where they stand still.
 */
export type Standing = "equal" | "behind" | "ahead";

type Point = Pick<Published, "positions" | "seq">;

export function standing(published: Point, stored: Point): Standing {
  const [isBehind, isAhead] = [isLess(published, stored), isLess(stored, published)];
  if (isAhead) return "ahead";
  return isBehind || published.seq < stored.seq ? "behind" : "equal";
}

function isLess(one: Point, other: Point): boolean {
  return !reaches(one.positions, other.positions);
}
