/** Records of one topic of a data directory by their position. */
import type { Bounds } from "../eventlog/positions.ts";
import type { TopicRecord } from "./topics.ts";

export interface PositionedRecords {
  bounds(): Promise<Bounds>;
  /** From a position on, at most so many, and the position to go on from. */
  read(from: number, limit: number): Promise<Page>;
  /** The newest record before a position. */
  last(before: number): Promise<TopicRecord | null>;
  count(): Promise<number>;
}

export interface Page {
  readonly records: readonly TopicRecord[];
  readonly next: number;
}
