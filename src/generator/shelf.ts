/**
 * Room for applications that are under way, so that most need not be drawn and written anew for each event. Whatever
 * has no room is, and comes out the same.
 */

import type { Course } from "./application.ts";
import { createLine, type Line } from "./line.ts";

const ways = 4;
const nobody = -1;
/** The longest that an application's parts can get, with room to spare: a test holds it. */
const partsBytes = 4_096;

/** One application's place. */
export interface Kept {
  /** Its place on the shelf; -1 for none. */
  readonly index: number;
  course: Course | null;
  /** What its events have in common, one after the other as far as it was written: see `snapshot.ts`. */
  readonly line: Line;
  /** In the started part, the end of the loan. */
  loanEnd: number;
  /** Ends of the parts; 0 for one that was not written. */
  startedEnd: number;
  submittedEnd: number;
  decisionEnd: number;
}

export interface Shelf {
  /** The application's own place, or one cleared for it. */
  placeOf(code: number): Kept;
  /** Frees a place: no event of its application follows. */
  release(kept: Kept): void;
}

/** @param size rounded up to a power of two; memory is taken when a place is first used, about 4 kB each. */
export function createShelf(size: number): Shelf {
  const sets = 2 ** Math.ceil(Math.log2(Math.max(1, size / ways)));
  const codes = new Float64Array(sets * ways).fill(nobody);
  const places = new Array<Kept | undefined>(sets * ways).fill(undefined);

  const placeOf: Shelf["placeOf"] = (code) => {
    const first = (hash(code) & (sets - 1)) * ways;
    let index = first + (hash(code + 1) & (ways - 1));
    for (let way = first; way < first + ways; way += 1) {
      if (codes[way] === code) return places[way] ?? take(way);
      if (codes[way] === nobody) index = way;
    }
    codes[index] = code;
    return take(index);
  };

  const take = (index: number): Kept => {
    const place = places[index] ?? createPlace(index);
    places[index] = place;
    return clear(place);
  };

  const release: Shelf["release"] = ({ index }) => {
    if (index >= 0) codes[index] = nobody;
  };

  return { placeOf, release };
}

/** A place that is on no shelf. */
export function createPlace(index: number): Kept {
  const line = createLine(partsBytes);
  return { index, course: null, line, loanEnd: 0, startedEnd: 0, submittedEnd: 0, decisionEnd: 0 };
}

export function clear(kept: Kept): Kept {
  kept.course = null;
  kept.loanEnd = 0;
  kept.startedEnd = 0;
  kept.submittedEnd = 0;
  kept.decisionEnd = 0;
  return kept;
}

function hash(code: number): number {
  const mixed = Math.imul((code | 0) ^ Math.floor(code / 0x1_0000_0000), 0x9e3779b1);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}
