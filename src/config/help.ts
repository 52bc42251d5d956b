/** The settings in `--help`. */
import { flagOf, hasFlag, type SettingsTable, settingsTable, takes } from "./table.ts";

/** A line a setting that the command takes, and one for the file that may give them. */
export function settingLines(command: string): string {
  const table: SettingsTable = settingsTable;
  const lines = Object.entries(table)
    .filter(([, setting]) => hasFlag(setting) && takes(command, setting))
    .map(([name, { value, meaning, default: given, unset }]) => [
      `--${flagOf(name)} ${value}`.trimEnd(),
      given === null ? `${meaning} (default: ${unset})` : `${meaning} (default: ${given})`,
    ]);
  const all = [
    ...lines,
    ["--config FILE", "the file of settings (default: loanstream.yaml, if it is there)"],
  ];
  const width = Math.max(...all.map(([flag = ""]) => flag.length));
  return [
    "Settings, in loanstream.yaml and the environment too (loanstream config shows them):",
    ...all.map(([flag = "", meaning]) => `  ${flag.padEnd(width)}  ${meaning}`),
  ].join("\n");
}
