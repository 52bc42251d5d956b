/** What leaves at the next commit. */
import type { Commit } from "../../../store/store.ts";
import type { RecordBatch } from "../../batch.ts";
import type { DeadLetter, RecordPlace, TableRows } from "../../engine.ts";
import type { StepOutput } from "../session.ts";

export interface Pending {
  /** Of the records that were taken in since the last commit. */
  bytes(): number;
  addStep(batch: RecordBatch, output: StepOutput): void;
  addRows(rows: readonly TableRows[]): void;
  /** All of it; nothing is pending from then on. */
  take(): Pick<Commit, "tables" | "late" | "dead">;
}

export function createPending(): Pending {
  let bytes = 0;
  let tables: TableRows[] = [];
  let late: RecordPlace[] = [];
  let dead: DeadLetter[] = [];

  return {
    bytes: () => bytes,
    addStep({ offsets, count }, output) {
      bytes += offsets[count]! - offsets[0]!;
      tables.push(...output.rows);
      late.push(...output.late);
      dead.push(...output.dead);
    },
    addRows: (rows) => void tables.push(...rows),
    take() {
      const taken = { tables, late, dead };
      [bytes, tables, late, dead] = [0, [], [], []];
      return taken;
    },
  };
}
