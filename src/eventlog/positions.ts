/** How far a log of several partitions has been read. */

/** By partition: the position of the next record there. */
export type Positions = readonly number[];

/** Of a partition, as its log tells. */
export interface Bounds {
  /** The oldest position kept; `end` if there is none. */
  readonly start: number;
  /** The next record that can be read gets this position, or a later one. */
  readonly end: number;
}

/** Of all partitions: as a number that ascends while records are taken in. */
export const total = (positions: Positions): number => positions.reduce((sum, each) => sum + each, 0);

/** Whether no partition stands behind where the other positions are. */
export const reaches = (positions: Positions, others: Positions): boolean =>
  others.every((other, partition) => (positions[partition] ?? 0) >= other);
