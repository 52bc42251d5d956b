/** What became of events: the gate's verdicts, as the store has them. */
import type { StoredDeadLetter } from "../store/letters.ts";
import type { StoreReader } from "../store/sqlite-reader.ts";
import type { FoundEvent } from "./find-events.ts";
import type { IsForgotten } from "./forgotten-ids.ts";

export type Verdict =
  | { readonly kind: "accepted" | "duplicate" | "late" | "unread" }
  | { readonly kind: "dead"; readonly letter: StoredDeadLetter };

/**
 * One a found event, in log order.
 *
 * @param idOf the event's id; null without one
 */
export async function verdictsOf(
  events: readonly FoundEvent[],
  store: StoreReader,
  idOf: (record: Uint8Array) => string | null,
  isForgotten: IsForgotten,
): Promise<readonly Verdict[]> {
  const accepted = new Map<string, FoundEvent>();
  const { positions: taken } = store.progress();

  async function isDuplicate(event: FoundEvent): Promise<boolean> {
    const id = idOf(event.record);
    if (id === null) return false;
    const first = accepted.get(id);
    if (first && !(await isForgotten(first, event))) return true;
    accepted.set(id, event);
    return false;
  }

  const verdicts: Verdict[] = [];
  for (const event of events) {
    const known =
      event.position >= (taken[event.partition] ?? 0)
        ? ({ kind: "unread" } as const)
        : refusalOf(event, store);
    verdicts.push(known ?? { kind: (await isDuplicate(event)) ? "duplicate" : "accepted" });
  }
  return verdicts;
}

function refusalOf(event: FoundEvent, store: StoreReader): Verdict | null {
  const letter = letterAt(event, store);
  if (letter) return { kind: "dead", letter };
  return isLate(event, store) ? { kind: "late" } : null;
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
