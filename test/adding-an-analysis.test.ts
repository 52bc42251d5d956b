/** docs/adding-an-analysis.md does what it says: its files are written and its commands run, from top to bottom. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const page = readFileSync(new URL("../docs/adding-an-analysis.md", import.meta.url), "utf8");
const main = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));

interface Block {
  readonly language: string;
  /** After the language: the file that the block is, or is put into. */
  readonly file: string;
  readonly text: string;
}

const blocks: readonly Block[] = [...page.matchAll(/^```(\w+) ?(\S*)\n(.*?)^```$/gms)].map(
  ([, language = "", file = "", text = ""]) => ({ language, file, text }),
);

test("the page's own blocks add an analysis that checks, passes its tests and runs", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "loanstream-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const printed = blocks.map((block) => follow(block, directory)).join("");
  for (const expected of [
    /^ok {4}pricing_windows: rates are of an hour/m,
    /GROUP BY window\(`event_time`/,
    /^\d+,\d{3} read = /m,
    /^ *pricing_windows .* used/m,
  ])
    assert.ok(expected.test(printed), `${expected} is in ${printed.slice(-1000)}`);
});

function follow({ language, file, text }: Block, directory: string): string {
  if (language === "sh")
    return text
      .trim()
      .split("\n")
      .map((line) => run(line, directory))
      .join("");
  const path = join(directory, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, file.endsWith("/pipeline.yaml") ? withOutput(path, text) : text);
  return "";
}

/** A command that fails throws, with what it printed. */
function run(line: string, directory: string): string {
  const [name, ...args] = line.split(" ");
  assert.equal(name, "loanstream");
  return execFileSync(process.execPath, [main, ...args], { cwd: directory, encoding: "utf8" });
}

function withOutput(path: string, line: string): string {
  const settings = readFileSync(path, "utf8");
  assert.equal(line.trimEnd().split("\n").length, 1, "it is one line");
  assert.match(settings, /^outputs:\n/m);
  return settings.replace(/^outputs:\n/m, `outputs:\n${line}`);
}
