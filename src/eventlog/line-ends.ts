/** Records of a log are lines. */
import { fail } from "../errors.ts";
import type { Append } from "./event-log.ts";

/** Throws `log.record-has-line-end`. */
export function refuseLineEnds({ records }: Append): void {
  const index = records.findIndex((record) => record.includes(0x0a));
  if (index < 0) return;
  const remedy = "Write each record as JSON on one line.";
  throw fail("log.record-has-line-end", `record ${index} of those to append holds a line end`, remedy);
}
