/** `loanstream init`: a pipeline folder of one's own, the default one with its tests. */
import { cpSync, globSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { usageError } from "../config/flags.ts";
import { readSettings } from "../config/settings.ts";
import { makeDirectories, whyUnwritable } from "../directories.ts";
import { fail } from "../errors.ts";
import { withSchemaLine } from "../pipeline/yaml-schemas.ts";
import type { Command } from "./command.ts";
import { readmeOf } from "./init-readme.ts";
import { pipelineDirectory } from "./pipeline-option.ts";

const SCHEMAS = fileURLToPath(new URL("../../schemas", import.meta.url));

export const init: Command = {
  name: "init",
  summary: "Make a folder with a pipeline to change: models, tests, scorecards",
  usage: `
Usage: loanstream init DIR

Fills DIR, which is empty or not there yet, with a copy of the default pipeline: the event's schema, the models with
their tests and descriptions, scorecards, alerts, and a README. Each YAML file names in its first line the JSON Schema
that editors check and complete it by; the schemas are in DIR/schemas.
`,
  async run(args) {
    const { positionals } = readSettings("init", args, { allowPositionals: true });
    const [directory, another] = positionals;
    if (directory === undefined || another !== undefined) throw usageError("init", "it takes one folder");
    fill(directory);
    process.stdout.write(nextSteps(directory));
    return 0;
  },
};

/** Throws `init.not-empty`, `file.unwritable`. */
function fill(directory: string): void {
  try {
    makeDirectories(directory);
    refuseFull(directory);
    cpSync(pipelineDirectory(null), directory, { recursive: true });
    cpSync(SCHEMAS, join(directory, "schemas"), { recursive: true });
    for (const name of globSync("**/*.yaml", { cwd: directory })) {
      const path = join(directory, name);
      writeFileSync(path, withSchemaLine(readFileSync(path, "utf8"), name));
    }
    writeFileSync(join(directory, "README.md"), readmeOf(directory));
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    const remedy = "Name a folder that can be written.";
    throw fail("file.unwritable", `it can't be written: ${whyUnwritable(error)}`, remedy, {
      file: directory,
    });
  }
}

function refuseFull(directory: string): void {
  if (readdirSync(directory).length === 0) return;
  const remedy = "Name a folder that is empty or not there yet.";
  throw fail("init.not-empty", "the folder is not empty", remedy, { file: directory });
}

function nextSteps(directory: string): string {
  const quoted = /^[\w./-]+$/.test(directory) ? directory : `'${directory.replaceAll("'", "'\\''")}'`;
  return `A pipeline is in ${directory}; its README.md tells what is where. Next:
  loanstream check --pipeline ${quoted}
  loanstream test --pipeline ${quoted}
  loanstream run --pipeline ${quoted}
`;
}
