/** What leaves at the next commit. */
import type { CameRecord } from "../../../publish/publisher.ts";
import type { Step } from "../../../store/store.ts";
import type { RecordBatch } from "../../batch.ts";
import type { DeadLetter, RecordPlace, TableRows } from "../../engine.ts";
import type { StepOutput } from "../session.ts";
import type { NextBatch } from "./reading.ts";

export interface Leaving {
  readonly steps: readonly Step[];
  readonly tables: readonly TableRows[];
  readonly late: readonly CameRecord[];
  readonly dead: readonly (CameRecord & DeadLetter)[];
}

export interface Pending {
  /** Of the records that were taken in since the last commit. */
  bytes(): number;
  /** Whether any record was. */
  hasSteps(): boolean;
  addStep(read: NextBatch, output: StepOutput): void;
  addRows(rows: readonly TableRows[]): void;
  /** All of it; nothing is pending from then on. */
  take(): Leaving;
}

export function createPending(): Pending {
  let bytes = 0;
  let steps: Step[] = [];
  let tables: TableRows[] = [];
  let late: CameRecord[] = [];
  let dead: (CameRecord & DeadLetter)[] = [];

  return {
    bytes: () => bytes,
    hasSteps: () => steps.length > 0,
    addStep({ batch, unread }, output) {
      const { offsets, count, partition, basePosition } = batch;
      bytes += offsets[count]! - offsets[0]!;
      const step = { partition, toPosition: basePosition + count, unread };
      if (goesOn(steps.at(-1), step)) steps.pop();
      steps.push(step);
      tables.push(...output.rows);
      late.push(...output.late.map((place) => asItCame(batch, place)));
      dead.push(...output.dead.map((letter) => asItCame(batch, letter)));
    },
    addRows: (rows) => void tables.push(...rows),
    take() {
      const taken = { steps, tables, late, dead };
      [bytes, steps, tables, late, dead] = [0, [], [], [], []];
      return taken;
    },
  };
}

/** Whether two steps are as good as one. */
function goesOn(last: Step | undefined, next: Step): boolean {
  if (last?.partition !== next.partition || last.unread.length !== next.unread.length) return false;
  return last.unread.every((partition, i) => partition === next.unread[i]);
}

const LINE_END = 0x0a;

function asItCame<Place extends RecordPlace>(
  { basePosition, bytes, offsets }: RecordBatch,
  place: Place,
): Place & CameRecord {
  const index = place.position - basePosition;
  const end = offsets[index + 1]!;
  const isLine = bytes[end - 1] === LINE_END;
  return { ...place, record: bytes.subarray(offsets[index], isLine ? end - 1 : end) };
}
