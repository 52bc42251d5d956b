/** The files of a pipeline folder. */
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fail } from "../errors.ts";

/** How the name of a model's test file ends. */
export const TEST_ENDING = ".test.yaml";

/** The texts of a pipeline folder; paths are as complaints show them. */
export interface PipelineFiles {
  readonly directory: string;
  readonly settings: TextFile;
  readonly schema: TextFile;
  readonly models: readonly TextFile[];
  readonly scorecards: readonly TextFile[];
  readonly reasons: TextFile | null;
  readonly alerts: TextFile | null;
  /** What models and their columns mean: `NAME.yaml` beside `NAME.sql`. */
  readonly descriptions: readonly TextFile[];
  /** `NAME.test.yaml` beside `NAME.sql`. */
  readonly tests: readonly TextFile[];
  /** Whole events, which tests start from. */
  readonly examples: TextFile | null;
}

export interface TextFile {
  readonly path: string;
  readonly text: string;
}

/** Throws `pipeline.missing-file`, `file.unreadable`. */
export function readPipelineFiles(directory: string): PipelineFiles {
  const required = (name: string): TextFile => {
    const path = join(directory, name);
    if (existsSync(path)) return read(path);
    throw fail(
      "pipeline.missing-file",
      `a pipeline needs ${name}`,
      "Add the file, or name the right folder with --pipeline.",
      { file: path },
    );
  };
  const all = (pattern: string) =>
    globSync(pattern, { cwd: directory })
      .sort()
      .map((name) => read(join(directory, name)));
  return {
    directory,
    settings: required("pipeline.yaml"),
    schema: required("schema.yaml"),
    models: all("models/**/*.sql"),
    scorecards: all("scorecards/*.yaml"),
    reasons: all("reasons.yaml")[0] ?? null,
    alerts: all("alerts.yaml")[0] ?? null,
    descriptions: all("models/**/*.yaml").filter(({ path }) => !path.endsWith(TEST_ENDING)),
    tests: all(`models/**/*${TEST_ENDING}`),
    examples: all("examples.yaml")[0] ?? null,
  };
}

/** Without a byte order mark, which is no part of the text. */
function read(path: string): TextFile {
  try {
    return { path, text: readFileSync(path, "utf8").replace(/^\uFEFF/, "") };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    throw fail("file.unreadable", `it can't be read (${code})`, "Put a readable file there.", { file: path });
  }
}
