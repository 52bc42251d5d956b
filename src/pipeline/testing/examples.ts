/** Reads `examples.yaml`: whole events by name, which tests start from. */
import { createScanner } from "../../contract/scan.ts";
import type { EventSchema } from "../../contract/schema.ts";
import type { Diagnostic } from "../../errors.ts";
import { parseYaml, type YamlNode } from "../../yaml.ts";
import type { TextFile } from "../files.ts";
import type { SourceSettings } from "../pipeline.ts";
import { type JsonObject, jsonObjectOf, patched } from "./json.ts";
import { batchOf, idPatch } from "./records.ts";

export type Examples = ReadonlyMap<string, JsonObject>;

/** Every example must pass the schema; its id may be left out, since each test's event gets one of its own. */
export function loadExamples(
  file: TextFile | null,
  source: SourceSettings,
  schema: EventSchema,
): { readonly examples: Examples; readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const examples = new Map<string, JsonObject>();
  if (!file) return { examples, diagnostics };
  const scan = createScanner(schema);
  for (const { key, value } of parseYaml(file.text, file.path, diagnostics).map().entries) {
    const event = jsonObjectOf(value);
    examples.set(key, event);
    const text = JSON.stringify(patched(event, idPatch(source, schema, 0)));
    const [fault] = scan(batchOf([{ text, ingestTimeMs: null }])).faults;
    if (fault && value.kind === "map")
      nodeAt(value, fault.path).complain(
        `${fault.path} of this example doesn't fit the schema: ${fault.reason}`,
        "Correct it: an example is an event that the schema accepts.",
        "test.invalid-example",
      );
  }
  return { examples, diagnostics };
}

/** The node that a JSON path such as `$.loan.product` leads to, or the last one on the way. */
function nodeAt(root: YamlNode, path: string): YamlNode {
  let node = root;
  for (const [, name] of path.matchAll(/\.([A-Za-z]\w*)/g)) {
    if (node.kind !== "map" || name === undefined) return node;
    const map = node.map();
    if (!map.has(name)) return node;
    node = map.get(name);
  }
  return node;
}
