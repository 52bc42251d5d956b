import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { keyOf, type Setting, settingsTable } from "../../src/config/table.ts";
import { COMPONENTS } from "../../src/log.ts";

const page = readFileSync(new URL("../../docs/settings.md", import.meta.url), "utf8");
const [ofSettings = "", ofComponents = ""] = page.split("## What is logged");
const rowsOf = (text: string) => text.split("\n").filter((line) => /^\| `[a-z_.]+` \|/.test(line));

test("docs/settings.md has a row a setting, as the table declares it", () => {
  assert.deepEqual(rowsOf(ofSettings), Object.entries(settingsTable).map(rowOf));
});

test("docs/settings.md has a row a component that logs", () => {
  const named = rowsOf(ofComponents).map((row) => /`(.*?)`/.exec(row)?.[1]);
  assert.deepEqual(named, [...COMPONENTS]);
});

function rowOf([name, setting]: [string, Setting]): string {
  const { kind, default: given, unset, commands, meaning, choices } = setting;
  const cells = [
    `\`${keyOf(name)}\``,
    kind === "choice" ? `${choices?.join(" or ")}` : KINDS[kind],
    given === null ? `${unset}` : `\`${given}\``,
    commands === "every" ? "every" : commands.join(", "),
    meaning,
  ];
  return `| ${cells.join(" | ")} |`;
}

const KINDS: Readonly<Record<Setting["kind"], string>> = {
  text: "text",
  secret: "secret text",
  choice: "choice",
  path: "path",
  whole: "whole number",
  rate: "events a second",
  duration: "time",
  flag: "true or false",
  levels: "levels",
  list: "texts",
  options: "options",
};
