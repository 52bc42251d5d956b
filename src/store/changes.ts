/** The changes of several tables as one sequence. */
import type { Value } from "../sql/types.ts";
import type { SequencedRow, TableRowReader } from "./table-rows.ts";

/** A row as it was last written: what it was before can't be read any more. */
export interface Change {
  readonly seq: number;
  readonly table: string;
  readonly row: readonly Value[];
}

interface Head {
  readonly table: string;
  readonly rest: IterableIterator<SequencedRow>;
  next: SequencedRow;
}

/** What was written later than a number, at most so many, in the order of their numbers. */
export function mergeChanges(
  readers: ReadonlyMap<string, TableRowReader>,
  afterSeq: number,
  limit: number,
): readonly Change[] {
  const heads = [...readers].flatMap(([table, reader]) => headOf(table, reader.after(afterSeq, limit)));
  const changes: Change[] = [];
  try {
    while (heads.length > 0 && changes.length < limit) {
      const least = heads.reduce((a, b) => (b.next.seq < a.next.seq ? b : a));
      changes.push({ table: least.table, ...least.next });
      const following = least.rest.next();
      if (following.done) heads.splice(heads.indexOf(least), 1);
      else least.next = following.value;
    }
  } finally {
    for (const { rest } of heads) rest.return?.();
  }
  return changes;
}

function headOf(table: string, rest: IterableIterator<SequencedRow>): Head[] {
  const first = rest.next();
  return first.done ? [] : [{ table, rest, next: first.value }];
}
