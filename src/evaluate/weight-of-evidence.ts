/** Weight of evidence and information value (Siddiqi, Credit Risk Scorecards, 2006, chapter 6). */

export interface Observation {
  readonly bin: string;
  readonly bad: boolean;
}

export interface BinEvidence {
  readonly bin: string;
  readonly goods: number;
  readonly bads: number;
  /** ln(share of all goods / share of all bads): above zero where a bin is safer than the whole. */
  readonly weightOfEvidence: number;
}

export interface Evidence {
  /** In order of first appearance. */
  readonly bins: readonly BinEvidence[];
  /** Sum over bins of (share of goods - share of bads) × weight of evidence. */
  readonly informationValue: number;
}

/** A bin that lacks one class counts half a row of it, so that its weight stays finite. */
export function weightOfEvidence(observations: readonly Observation[]): Evidence {
  const counts = new Map<string, { goods: number; bads: number }>();
  for (const { bin, bad } of observations) {
    const count = counts.get(bin) ?? { goods: 0, bads: 0 };
    if (bad) count.bads++;
    else count.goods++;
    counts.set(bin, count);
  }
  const allBads = observations.filter(({ bad }) => bad).length;
  const allGoods = observations.length - allBads;
  let informationValue = 0;
  const bins = [...counts].map(([bin, { goods, bads }]) => {
    const goodShare = (goods || 0.5) / allGoods;
    const badShare = (bads || 0.5) / allBads;
    const weight = Math.log(goodShare / badShare);
    informationValue += (goodShare - badShare) * weight;
    return { bin, goods, bads, weightOfEvidence: weight };
  });
  return { bins, informationValue };
}
