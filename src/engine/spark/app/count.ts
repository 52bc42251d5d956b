/** What is known of the records of a query, as far as Spark counts them. Pure. */
import type { QueryProgress } from "../connect/progress.ts";

/** Of the batches that were looked at, each once, since the query's checkpoint began. */
export interface Counted {
  readonly read: number;
  readonly late: number;
  readonly duplicate: number;
  /** Of the query that sends the dead letters: neither late, nor a duplicate, nor dead. Null of every other. */
  readonly accepted: number | null;
  /** Of the query that sends the dead letters; null of every other. */
  readonly dead: number | null;
  /** How many batches these are. */
  readonly batches: number;
  /** How many others there were: nobody looked while Spark remembered them. */
  readonly missed: number;
}

export const NOTHING_COUNTED: Counted = {
  ...{ read: 0, late: 0, duplicate: 0, accepted: null, dead: null },
  ...{ batches: 0, missed: 0 },
};

/** The observation of the query that sends the dead letters, and its aggregates. */
export const LEDGER = "ledger";
export const ledgerAggregates = (isDead: string): Readonly<Record<string, string>> => ({
  accepted: `count_if(NOT ${isDead})`,
  dead: `count_if(${isDead})`,
});

/** The number of the batch that comes next, so far. */
export const nextBatch = ({ batches, missed }: Counted): number => batches + missed;

/** With those of the batches that aren't counted yet. They come in their order. */
export function count(before: Counted, batches: readonly QueryProgress[]): Counted {
  return batches.filter(({ ran }) => ran).reduce(withBatch, before);
}

/** A batch that is run again, since its server was lost, keeps its number. */
function withBatch(
  before: Counted,
  { batchId, inputRows, late, duplicates, observed }: QueryProgress,
): Counted {
  const missed = batchId - nextBatch(before);
  if (missed < 0) return before;
  const { accepted, dead } = observed.get(LEDGER) ?? {};
  return {
    read: before.read + inputRows,
    late: before.late + late,
    duplicate: before.duplicate + duplicates,
    accepted: plus(before.accepted, accepted),
    dead: plus(before.dead, dead),
    batches: before.batches + 1,
    missed: before.missed + missed,
  };
}

const plus = (sum: number | null, more: number | undefined): number | null =>
  more === undefined ? sum : (sum ?? 0) + more;
