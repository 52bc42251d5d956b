/** The pipeline of the simulation, and versions of it that somebody has changed. */
import { fileURLToPath } from "node:url";
import { type PipelineFiles, readPipelineFiles, type TextFile } from "../../../../src/pipeline/files.ts";
import { compilePipeline } from "../../../../src/pipeline/load.ts";
import type { Pipeline } from "../../../../src/pipeline/pipeline.ts";

const files: PipelineFiles = {
  ...readPipelineFiles(fileURLToPath(new URL("../../../simulation/pipeline", import.meta.url))),
  alerts: null,
};

type Edit = readonly [from: string, to: string];

export interface Changes {
  /** By model: replacements in its text. */
  readonly models?: Readonly<Record<string, readonly Edit[]>>;
  /** Models that are new, as texts. */
  readonly added?: Readonly<Record<string, string>>;
  readonly settings?: readonly Edit[];
  readonly schema?: readonly Edit[];
  readonly alerts?: string;
}

/** The pipeline with these changes. */
export function variant({
  models = {},
  added = {},
  settings = [],
  schema = [],
  alerts,
}: Changes = {}): Pipeline {
  const named = (path: string) => models[path.split("/").at(-1)!.replace(".sql", "")] ?? [];
  const { pipeline, diagnostics } = compilePipeline({
    ...files,
    settings: edited(files.settings, settings),
    schema: edited(files.schema, schema),
    models: [
      ...files.models.map((file) => edited(file, named(file.path))),
      ...Object.entries(added).map(([name, text]) => ({ path: `models/${name}.sql`, text })),
    ],
    alerts: alerts === undefined ? null : { path: "alerts.yaml", text: alerts },
  });
  if (!pipeline) throw new Error(JSON.stringify(diagnostics, null, 2));
  return pipeline;
}

function edited({ path, text }: TextFile, edits: readonly Edit[]): TextFile {
  return {
    path,
    text: edits.reduce((before, [from, to]) => {
      if (!before.includes(from)) throw new Error(`${path} doesn't hold ${from}`);
      return before.replace(from, to);
    }, text),
  };
}

export const NAMES = `SELECT window.start AS window_start, window.end AS window_end, name, count(*) AS events
FROM events GROUP BY window(at, '3 minutes', '1 minute'), name`;
