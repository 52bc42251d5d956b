/** The reasons that cards may give: data of the pipeline, one list of codes a purpose. */
import type { Diagnostic } from "../errors.ts";
import { parseYaml, type YamlNode } from "../yaml.ts";

export const PURPOSES = ["credit", "fraud"] as const;
export type Purpose = (typeof PURPOSES)[number];

/** Codes with the text for a notice, in the order of the file. */
export type ReasonLists = Readonly<Record<Purpose, ReadonlyMap<string, string>>>;

/**
 * Reads a pipeline's `reasons.yaml`: under `credit` and `fraud`, a map of code to text. A list that is left out is
 * empty.
 */
export function loadReasons(
  text: string,
  file: string,
): { readonly reasons: ReasonLists; readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const root = parseYaml(text, file, diagnostics).map(PURPOSES);
  const list = (purpose: Purpose) => textsOf(root.optional(purpose));
  return { reasons: { credit: list("credit"), fraud: list("fraud") }, diagnostics };
}

function textsOf(node: YamlNode): ReadonlyMap<string, string> {
  return new Map(node.map().entries.map(({ key, value }) => [key, value.string() ?? ""]));
}
