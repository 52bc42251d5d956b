/** Whether generated events fit a schema: they are those of the default pipeline. */
import { Buffer } from "node:buffer";
import { createScanner } from "../contract/scan.ts";
import type { EventSchema } from "../contract/schema.ts";
import type { Fault } from "../engine/batch.ts";
import { createGenerator } from "./generator.ts";

/** What is wrong with the first of them; null where it fits. */
export function misfit(schema: EventSchema): Fault | null {
  const { value } = createGenerator({ seed: 1, startMs: 0, ratePerSecond: 1 }).next();
  const bytes = Buffer.from(value.json);
  const record = { partition: 0, basePosition: 0, count: 1, bytes, offsets: Uint32Array.of(0, bytes.length) };
  return createScanner(schema)({ ...record, ingestTimesMs: null }).faults[0] ?? null;
}
