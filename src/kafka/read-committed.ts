/**
 * What a reader of committed records sees, decided as Kafka's own client does (`CompletedFetch.nextFetchedRecord`): the
 * broker lists, by producer, where aborted transactions begin; each ends at its producer's next abort marker.
 */
import { isAbortMarker, type StoredBatch } from "./records/decode.ts";

export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

/** The batches that hold records to give out: no control batches, nothing aborted. In order of offsets. */
export function committed(
  batches: readonly StoredBatch[],
  aborted: readonly AbortedTransaction[],
): readonly StoredBatch[] {
  const waiting = [...aborted].sort((a, b) => b.firstOffset - a.firstOffset);
  const aborting = new Set<number>();
  return batches.filter((batch) => {
    for (let next = waiting.at(-1); next && next.firstOffset <= batch.lastOffset; next = waiting.at(-1)) {
      aborting.add(next.producerId);
      waiting.pop();
    }
    if (batch.control) {
      if (isAbortMarker(batch)) aborting.delete(batch.producerId);
      return false;
    }
    return !(batch.transactional && aborting.has(batch.producerId));
  });
}
