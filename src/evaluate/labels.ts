/** Labels are read from the records as they pass to the engine, so that no model needs to know them. */
import type { RecordBatch } from "../engine/batch.ts";

/** By position; a record without the field is not in it. */
export type Labels = Map<number, string>;

/** The same batches; fills `labels` with the field's text of each record. */
export async function* collectLabels(
  input: AsyncIterable<RecordBatch>,
  path: string,
  labels: Labels,
): AsyncGenerator<RecordBatch> {
  const steps = path.split(".");
  for await (const batch of input) {
    for (let row = 0; row < batch.count; row++) {
      const label = labelOf(recordAt(batch, row), steps);
      if (label !== null) labels.set(batch.basePosition + row, label);
    }
    yield batch;
  }
}

const decoder = new TextDecoder();

/** Null for what is no JSON: the engine counts it as dead. */
function recordAt({ bytes, offsets }: RecordBatch, row: number): unknown {
  try {
    return JSON.parse(decoder.decode(bytes.subarray(offsets[row], offsets[row + 1])));
  } catch {
    return null;
  }
}

function labelOf(record: unknown, steps: readonly string[]): string | null {
  let value: unknown = record;
  for (const step of steps) {
    if (typeof value !== "object" || value === null) return null;
    value = Object.entries(value).find(([name]) => name === step)?.[1];
  }
  const isScalar = typeof value === "string" || typeof value === "number" || typeof value === "boolean";
  return isScalar ? String(value) : null;
}
