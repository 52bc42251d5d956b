/** The words of cards and reasons, as their files have them. */
import { basename } from "node:path";
import type { Diagnostic } from "../errors.ts";
import { readPipelineFiles } from "../pipeline/files.ts";
import { loadReasons, type Purpose } from "../scorecard/reasons.ts";
import { parseYaml, type YamlMap } from "../yaml.ts";

export interface CardTexts {
  /** A reason in words; empty where the purpose's list doesn't have it. */
  reason(purpose: Purpose, code: string): string;
  /** What a bin asks for: its condition as it is written, `missing`, or `otherwise`. */
  bin(card: string, characteristic: number, bin: number): string;
}

/** Of a folder that was loaded before. Throws `file.unreadable`, `pipeline.missing-file`. */
export function readCardTexts(directory: string): CardTexts {
  const files = readPipelineFiles(directory);
  const ignored: Diagnostic[] = [];
  const { reasons } = loadReasons(files.reasons?.text ?? "{}", files.reasons?.path ?? "reasons.yaml");
  const bins = new Map(
    files.scorecards.map(({ path, text }) => {
      const characteristics = parseYaml(text, path, ignored).map().get("characteristics").list();
      return [
        basename(path, ".yaml"),
        characteristics.map((item) =>
          item
            .map()
            .get("bins")
            .list()
            .map((bin) => binText(bin.map())),
        ),
      ];
    }),
  );
  return {
    reason: (purpose, code) => reasons[purpose].get(code)?.text ?? "",
    bin: (card, characteristic, bin) => bins.get(card)?.[characteristic]?.[bin] ?? "",
  };
}

function binText(bin: YamlMap): string {
  if (bin.has("null")) return "missing";
  return bin.has("else") ? "otherwise" : (bin.get("when").string() ?? "");
}
