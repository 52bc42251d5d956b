/** Which JSON Schema a YAML file of a pipeline is checked and completed by, in an editor. */
import { dirname, matchesGlob, posix } from "node:path";

/** By the file's place in the folder; the first that matches. */
const KINDS: readonly (readonly [pattern: string, schema: string])[] = [
  ["pipeline.yaml", "pipeline.json"],
  ["schema.yaml", "event-schema.json"],
  ["reasons.yaml", "reasons.json"],
  ["alerts.yaml", "alerts.json"],
  ["examples.yaml", "examples.json"],
  ["scorecards/*.yaml", "scorecard.json"],
  ["models/**/*.test.yaml", "model-test.json"],
  ["models/**/*.yaml", "model.json"],
];

/** The schema's file name in `schemas/`; null for a file that is no part of a pipeline. */
export function schemaOf(name: string): string | null {
  return KINDS.find(([pattern]) => matchesGlob(name, pattern))?.[1] ?? null;
}

const LINE = /^# yaml-language-server: .*\n/;

/**
 * The text with its schema named in the first line, as the YAML language server reads it: a path from the file to
 * the folder's own `schemas/`, so that it works in any editor, without network, wherever the folder is moved.
 */
export function withSchemaLine(text: string, name: string): string {
  const schema = schemaOf(name);
  if (schema === null) return text;
  const path = posix.relative(dirname(name), `schemas/${schema}`);
  const relative = path.startsWith("..") ? path : `./${path}`;
  return `# yaml-language-server: $schema=${relative}\n${text.replace(LINE, "")}`;
}
