/** How far a log of several partitions has been read. */

/** By partition: the position of the next record there. */
export type Positions = readonly number[];

/** Of all partitions: as a number that ascends while records are taken in. */
export const total = (positions: Positions): number => positions.reduce((sum, each) => sum + each, 0);

/** Whether no partition stands behind where the other positions are. */
export const reaches = (positions: Positions, others: Positions): boolean =>
  others.every((other, partition) => (positions[partition] ?? 0) >= other);
