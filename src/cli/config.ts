/** `loanstream config`: the settings as they hold, and where each came from. */
import type { Origin } from "../config/given.ts";
import { settingLines } from "../config/help.ts";
import { type Effective, readSettings } from "../config/settings.ts";
import { keyOf, type Setting, type SettingsTable, settingsTable } from "../config/table.ts";
import { shown } from "../config/value.ts";
import type { Command } from "./command.ts";

export const config: Command = {
  name: "config",
  summary: "Show the settings that hold, and where each came from",
  usage: `
Usage: loanstream config [--json] [SETTING…]

A setting is given by loanstream.yaml (data_dir: DIR), over it by the environment (LOANSTREAM_DATA_DIR), over both by a
flag (--data-dir DIR).

  --json  print one JSON object: file, and under settings the value of each and what it came from

${settingLines("config")}
`,
  async run(args) {
    const { flags, effective, file } = readSettings("config", args, {
      options: { json: { type: "boolean" } },
    });
    process.stdout.write(flags.json ? asJson(effective, file) : asText(effective, file));
    return 0;
  },
};

const table: SettingsTable = settingsTable;

function asJson(effective: readonly Effective[], file: string | null): string {
  const settings = effective.map(({ name, text, value, origin }) => {
    const plain = typeof value === "boolean" || table[name]?.kind === "whole" || table[name]?.kind === "rate";
    return [keyOf(name), { value: plain ? value : shownOf(table[name], text), from: originText(origin) }];
  });
  return `${JSON.stringify({ file, settings: Object.fromEntries(settings) })}\n`;
}

function asText(effective: readonly Effective[], file: string | null): string {
  const rows = effective.map(({ name, text, origin }) => [
    keyOf(name),
    shownOf(table[name], text) ?? `(${table[name]?.unset})`,
    originText(origin),
  ]);
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "));
  const title = file === null ? "No loanstream.yaml is here." : `The file is ${file}.`;
  return `${[title, "", ...lines.map((line) => line.trimEnd())].join("\n")}\n`;
}

const shownOf = (setting: Setting | undefined, text: string | null) =>
  setting === undefined ? text : shown(setting, text);

/** `default`, `loanstream.yaml:3`, `LOANSTREAM_RATE` or `--rate`. */
function originText(origin: Origin): string {
  if (origin.kind === "file") return `${origin.place.file}:${origin.place.line}`;
  if (origin.kind === "variable") return origin.variable;
  return origin.kind === "flag" ? origin.flag : "default";
}
