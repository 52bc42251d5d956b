import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { describe, test } from "node:test";

const root = new URL("..", import.meta.url);
const sources = globSync(["src/**/*", "test/**/*", "pipeline/**/*", "docs/*", "stack/**/*"], { cwd: root });
const names = new Set(sources.map((path) => basename(path)));

/** Paths and names of files in back quotes, and in drawings. */
function filesNamedIn(text: string): readonly string[] {
  return [...text.matchAll(/[\w./-]*\w\.(?:ts|sql|yaml|md|sh)\b(?!\.\w|\()/g)].map(([path]) =>
    path.replace(/^\.\.?\//, ""),
  );
}

describe("every file that a page names is there", () => {
  for (const page of ["README.md", ...globSync("docs/*.md", { cwd: root })])
    test(page, () => {
      const named = filesNamedIn(readFileSync(new URL(page, root), "utf8"));
      const missing = named.filter(
        (path) => !(path.includes("/") ? exists(path) : names.has(path) || exists(path)),
      );
      assert.deepEqual(
        missing.filter((path) => !PLACEHOLDERS.some((part) => path.includes(part))),
        [],
      );
    });
});

/** Names that stand for any file, and files of others. */
const PLACEHOLDERS = ["NAME.", "loanstream.yaml", "mine/", "SPARK_HOME/"];

function exists(path: string): boolean {
  return (
    existsSync(new URL(path, root)) ||
    existsSync(new URL(`docs/${path}`, root)) ||
    sources.some((source) => source.endsWith(`/${path}`))
  );
}
