/** The reasons that cards may give: data of the pipeline, one list of codes a purpose. */
import type { Diagnostic } from "../errors.ts";
import { parseYaml, type YamlNode } from "../yaml.ts";

export const PURPOSES = ["credit", "fraud"] as const;
export type Purpose = (typeof PURPOSES)[number];

export interface Reason {
  /** For the notice. */
  readonly text: string;
  /** The columns that it speaks of, none where nothing is known of it; null where the list doesn't say. */
  readonly columns: readonly string[] | null;
}

/** Reasons by their code, in the order of the file. */
export type ReasonLists = Readonly<Record<Purpose, ReadonlyMap<string, Reason>>>;

/**
 * Reads a pipeline's `reasons.yaml`: under `credit` and `fraud`, a map of code to text, or to text and columns. A list
 * that is left out is empty.
 */
export function loadReasons(
  text: string,
  file: string,
): { readonly reasons: ReasonLists; readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const root = parseYaml(text, file, diagnostics).map(PURPOSES);
  const list = (purpose: Purpose) => reasonsOf(root.optional(purpose));
  return { reasons: { credit: list("credit"), fraud: list("fraud") }, diagnostics };
}

function reasonsOf(node: YamlNode): ReadonlyMap<string, Reason> {
  return new Map(node.map().entries.map(({ key, value }) => [key, reasonOf(value)]));
}

function reasonOf(node: YamlNode): Reason {
  if (node.kind !== "map") return { text: node.string() ?? "", columns: null };
  const map = node.map(["text", "columns"]);
  const columns = map.get("columns").list();
  return { text: map.get("text").string() ?? "", columns: columns.map((column) => column.string() ?? "") };
}
