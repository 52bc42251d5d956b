/**
 * Reads `NAME.yaml`, which stands beside the model NAME and says what its columns mean:
 *
 *     description: A row for every submitted application.
 *     columns:
 *       risk_score: { description: Points; more are safer, unit: points }
 *
 * A model may have none. Of a table's columns it names each, or none at all.
 */
import { basename } from "node:path";
import type { Diagnostic } from "../errors.ts";
import type { Alias } from "../sql/plan.ts";
import { suggest } from "../suggest.ts";
import { parseYaml, type YamlMap, type YamlNode } from "../yaml.ts";
import type { TextFile } from "./files.ts";

export interface ModelDescription {
  readonly description: string;
  readonly columns: ReadonlyMap<string, ColumnDescription>;
}

export interface ColumnDescription {
  readonly description: string;
  /** Such as `cents` or `share of 1`; null where a value has none, or says it itself. */
  readonly unit: string | null;
}

export interface ModelNames {
  /** Those that are put out. */
  readonly tables: ReadonlySet<string>;
  /** Those that have a file, right or wrong. */
  readonly written: ReadonlySet<string>;
}

/** Descriptions by model, and what doesn't fit. Nothing is said of a model that is wrong itself. */
export function loadDescriptions(
  files: readonly TextFile[],
  models: ReadonlyMap<string, Alias>,
  names: ModelNames,
): {
  readonly descriptions: ReadonlyMap<string, ModelDescription>;
  readonly diagnostics: readonly Diagnostic[];
} {
  const diagnostics: Diagnostic[] = [];
  const descriptions = new Map<string, ModelDescription>();
  for (const { path, text } of files) {
    const root = parseYaml(text, path, diagnostics);
    const name = basename(path, ".yaml");
    const model = models.get(name);
    if (!model && names.written.has(name)) continue;
    if (!model) {
      const remedy = `${suggest(name, [...models.keys()])}.yaml, or add the model.`;
      root.complain(`there is no model ${name} to describe`, remedy, "model.unknown");
      continue;
    }
    descriptions.set(name, loadDescription(root, model, names.tables.has(name)));
  }
  return { descriptions, diagnostics };
}

function loadDescription(root: YamlNode, { name, columns }: Alias, isTable: boolean): ModelDescription {
  const map = root.map(["description", "columns"]);
  const described = map.optional("columns");
  const entries = described.map().entries;
  const names = columns.map((column) => column.name);
  for (const { key, value } of entries)
    if (!names.includes(key))
      value.complain(`${name} has no column ${key}`, `${suggest(key, names)}.`, "description.unknown-column");
  const missing = names.filter((column) => !entries.some(({ key }) => key === column));
  if (isTable && described.kind === "map" && missing.length > 0)
    described.complain(
      `${missing.join(", ")} of the table ${name} ${missing.length === 1 ? "is" : "are"} not described`,
      "Describe every column of a table.",
      "description.missing-column",
    );
  return {
    description: map.get("description").string() ?? "",
    columns: new Map(entries.map(({ key, value }) => [key, loadColumn(value.map(["description", "unit"]))])),
  };
}

function loadColumn(map: YamlMap): ColumnDescription {
  return { description: map.get("description").string() ?? "", unit: map.optional("unit").string() };
}
