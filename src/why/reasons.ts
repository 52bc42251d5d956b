/** Reasons that stand in an application's rows, in words. */
import type { Table } from "../pipeline/pipeline.ts";
import type { Scorecard } from "../scorecard/scorecard.ts";
import type { Value } from "../sql/types.ts";
import type { CardTexts } from "./card-texts.ts";

export interface StatedReason {
  /** The column that states it. */
  readonly column: string;
  readonly code: string;
  /** Empty where no list has it. */
  readonly text: string;
}

/** Of a row's columns `<card>_reasons`, in their order. */
export function statedReasons(
  { relation }: Table,
  row: readonly Value[],
  cards: readonly Scorecard[],
  texts: CardTexts,
): readonly StatedReason[] {
  return relation.columns.flatMap(({ name }, place) => {
    const card = cards.find((candidate) => `${candidate.name}_reasons` === name);
    const codes = row[place];
    if (!card || !Array.isArray(codes)) return [];
    return codes.map((code) => ({
      column: name,
      code: String(code),
      text: texts.reason(card.purpose, String(code)),
    }));
  });
}
