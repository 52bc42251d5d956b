/** What became of events: the gate's verdicts, as the store has them. */
import type { StoredDeadLetter } from "../store/letters.ts";
import type { StoreReader } from "../store/sqlite-reader.ts";
import type { FoundEvent } from "./find-events.ts";

export type Verdict =
  | { readonly kind: "accepted" | "duplicate" | "late" | "unread" }
  | { readonly kind: "dead"; readonly letter: StoredDeadLetter };

/**
 * One a found event, in log order.
 *
 * @param idOf the event's id; null without one
 */
export function verdictsOf(
  events: readonly FoundEvent[],
  store: StoreReader,
  idOf: (record: Uint8Array) => string | null,
): readonly Verdict[] {
  const accepted = new Set<string>();
  const { position: taken } = store.progress();
  return events.map((event): Verdict => {
    if (event.position >= taken) return { kind: "unread" };
    const letter = letterAt(event, store);
    if (letter) return { kind: "dead", letter };
    if (isLate(event, store)) return { kind: "late" };
    const id = idOf(event.record);
    if (id !== null && accepted.has(id)) return { kind: "duplicate" };
    if (id !== null) accepted.add(id);
    return { kind: "accepted" };
  });
}

const only = ({ partition, position }: FoundEvent) => ({
  limit: 1,
  after: { partition, position: position - 1 },
});

function letterAt(event: FoundEvent, store: StoreReader): StoredDeadLetter | null {
  const [letter] = store.deadLetters(only(event));
  return letter?.partition === event.partition && letter.position === event.position ? letter : null;
}

function isLate(event: FoundEvent, store: StoreReader): boolean {
  const [late] = store.lateRecords(only(event));
  return late?.partition === event.partition && late.position === event.position;
}
