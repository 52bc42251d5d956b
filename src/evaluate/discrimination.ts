/** How well a score tells two classes apart, as measured on labelled rows. */

export interface Labelled {
  readonly score: number;
  /** Whether the row belongs to the class that is looked for (a bad loan, a fraud). */
  readonly positive: boolean;
}

export interface Discrimination {
  /** Rows of the class that is looked for. */
  readonly positives: number;
  readonly negatives: number;
  /**
   * The area under the ROC curve: the share of pairs of a positive and a negative row in which the positive one has
   * the greater score, ties counted half. Null where a class has no rows.
   */
  readonly auc: number | null;
  /** Kolmogorov-Smirnov: the greatest distance of the classes' cumulative distributions; null as for `auc`. */
  readonly ks: number | null;
}

/** Exact, from one sort: pairs are counted in integers and divided once. */
export function discrimination(rows: readonly Labelled[]): Discrimination {
  const sorted = rows.toSorted((a, b) => a.score - b.score);
  const positives = rows.filter((row) => row.positive).length;
  const negatives = rows.length - positives;
  if (positives === 0 || negatives === 0) return { positives, negatives, auc: null, ks: null };
  let below = { positives: 0, negatives: 0 };
  let halfPairs = 0;
  let distance = 0;
  for (const tied of tiedScores(sorted)) {
    halfPairs += tied.positives * (2 * below.negatives + tied.negatives);
    below = { positives: below.positives + tied.positives, negatives: below.negatives + tied.negatives };
    distance = Math.max(distance, Math.abs(below.positives * negatives - below.negatives * positives));
  }
  const pairs = positives * negatives;
  return { positives, negatives, auc: halfPairs / (2 * pairs), ks: distance / pairs };
}

function* tiedScores(sorted: readonly Labelled[]): Generator<{ positives: number; negatives: number }> {
  let start = 0;
  while (start < sorted.length) {
    let end = start;
    let positives = 0;
    while (end < sorted.length && sorted[end]!.score === sorted[start]!.score) {
      if (sorted[end]!.positive) positives++;
      end++;
    }
    yield { positives, negatives: end - start - positives };
    start = end;
  }
}
