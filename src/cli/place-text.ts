/** Where a record stands, in words. */
import type { RecordPlace } from "../engine/engine.ts";

export type PlaceText = (place: RecordPlace) => string;

/** Its position; before that its partition and a colon, where there are several. */
export function placeWriter(partitions: number): PlaceText {
  if (partitions <= 1) return ({ position }) => String(position);
  return ({ partition, position }) => `${partition}:${position}`;
}
