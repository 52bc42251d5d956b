/** What of a pipeline its tables and an engine's state depend on, as a hash; its alerts are no part of it. */
import { createHash } from "node:crypto";
import type { Pipeline } from "./pipeline.ts";

/** Say nothing of what is computed: descriptions, where a text stands, whose data a value derives from. */
const IGNORED = new Set(["description", "file", "place", "lineage", "pii", "protected", "topic", "output"]);

/** Equal for two pipelines exactly if they accept the same events and compute the same tables. */
export function fingerprint({ source, delayMs, schema, tables }: Pipeline): string {
  const { eventTime, eventId, format } = source;
  const parts = {
    source: { eventTime, eventId, format },
    delayMs,
    leaves: schema.leaves,
    requirements: schema.requirements,
    tables,
  };
  const text = JSON.stringify(parts, (key: string, value: unknown) => (IGNORED.has(key) ? undefined : value));
  return createHash("sha256").update(text).digest("hex");
}
