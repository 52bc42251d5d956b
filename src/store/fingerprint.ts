/** What of a pipeline its stored state and tables depend on, as a hash. */
import { createHash } from "node:crypto";
import type { Pipeline } from "../pipeline/pipeline.ts";

/** Say nothing of what is computed: texts, places of files, where a value came from. */
const IGNORED = new Set(["description", "file", "lineage", "pii", "protected", "topic", "output"]);

export function fingerprint({ source, delayMs, schema, tables }: Pipeline): string {
  const parts = { source, delayMs, leaves: schema.leaves, requirements: schema.requirements, tables };
  const text = JSON.stringify(parts, (key: string, value: unknown) => (IGNORED.has(key) ? undefined : value));
  return createHash("sha256").update(text).digest("hex");
}
