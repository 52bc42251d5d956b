import type { YamlNode } from "../yaml.ts";

/** So many that no card needs more, and so few that no sum of them leaves what is exact. */
const MOST_POINTS = 1_000_000;

/** Whole points within ±1,000,000; 0 where they are missing or wrong, which has been reported. */
export function readPoints(node: YamlNode): number {
  return withinBounds(node, node.integer());
}

/** Points that may be a fraction, as means are. */
export function readMeanPoints(node: YamlNode): number {
  return withinBounds(node, node.number());
}

function withinBounds(node: YamlNode, points: number | null): number {
  if (points !== null && Math.abs(points) > MOST_POINTS)
    node.complain("these are too many points", "Write points within ±1,000,000.");
  return points ?? 0;
}
