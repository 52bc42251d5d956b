/** What the file, the environment and the flags give, before any of it is judged. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Diagnostic, fail, type Place } from "../errors.ts";
import { nearest } from "../suggest.ts";
import { parseYaml, type YamlNode } from "../yaml.ts";
import { keyOf, type Setting, type SettingsTable, VARIABLES, variableOf } from "./table.ts";

export type Origin =
  | { readonly kind: "default" }
  | { readonly kind: "file"; readonly place: Place }
  | { readonly kind: "variable"; readonly variable: string }
  | { readonly kind: "flag"; readonly flag: string };

/** A text that something gives to a setting. */
export interface Given {
  readonly name: string;
  readonly text: string;
  readonly origin: Origin;
}

export type Environment = Readonly<Record<string, string | undefined>>;

const SETTINGS_FILE = "loanstream.yaml";
const FILE_VARIABLE = `${VARIABLES}CONFIG`;

/** Variables that are no settings: where the file is, where jars are kept, what tests go by. */
const OTHER_VARIABLES = [FILE_VARIABLE, `${VARIABLES}CACHE`, `${VARIABLES}NIGHTLY`];
const OF_TESTS = `${VARIABLES}TEST_`;

/** The file that `--config` or LOANSTREAM_CONFIG names, else `loanstream.yaml` of the working directory if it is there. */
export function settingsFile(flag: string | null, environment: Environment): string | null {
  const named = flag ?? (environment[FILE_VARIABLE] || null);
  return named ?? (existsSync(SETTINGS_FILE) ? SETTINGS_FILE : null);
}

/** Adds all that is wrong in it: `yaml.unknown-key`, `yaml.wrong-type`, … Throws `file.unreadable`. */
export function fromFile(path: string, table: SettingsTable, diagnostics: Diagnostic[]): readonly Given[] {
  const root = parseYaml(readText(path), path, diagnostics);
  return valuesIn(root, keysOf(table)).flatMap(({ name, value }) => {
    const setting = table[name];
    const text = setting === undefined ? null : textOf(value, setting);
    if (text === null) return [];
    const origin = { kind: "file", place: value.place } as const;
    return [{ name, text: fromThere(setting, path, text), origin }];
  });
}

/** A setting's name, or the keys of a section. */
type Keys = Map<string, string | Keys>;

function keysOf(table: SettingsTable): Keys {
  const all: Keys = new Map();
  for (const name of Object.keys(table)) {
    const path = keyOf(name).split(".");
    const section = path.slice(0, -1).reduce((keys, part) => {
      const found = keys.get(part);
      const below: Keys = found instanceof Map ? found : new Map();
      keys.set(part, below);
      return below;
    }, all);
    section.set(path.at(-1) ?? "", name);
  }
  return all;
}

function valuesIn(node: YamlNode, keys: Keys): readonly { name: string; value: YamlNode }[] {
  if (node.kind === "null") return [];
  return node.map([...keys.keys()]).entries.flatMap(({ key, value }) => {
    const below = keys.get(key);
    if (below instanceof Map) return valuesIn(value, below);
    return below === undefined ? [] : [{ name: below, value }];
  });
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const why = error instanceof Error && "code" in error ? String(error.code) : String(error);
    const remedy = `Name a file of settings by --config or ${FILE_VARIABLE}.`;
    throw fail("file.unreadable", `the settings can't be read (${why})`, remedy, { file: path });
  }
}

/** As it would stand in a variable. */
function textOf(value: YamlNode, { kind }: Setting): string | null {
  if (kind === "list" && value.kind === "list") return joined(value.list().map(scalarText));
  if (kind === "options" && value.kind === "map")
    return joined(value.map().entries.map(({ key, value: each }) => `${key}=${scalarText(each)}`));
  return kind === "secret" ? value.string() : scalarText(value);
}

const joined = (texts: readonly (string | null)[]): string | null =>
  texts.length === 0 ? null : texts.join(",");

/** A scalar as it stands there. */
function scalarText(value: YamlNode): string | null {
  if (value.kind === "number") return String(value.number());
  if (value.kind === "boolean") return String(value.boolean());
  return value.string();
}

function fromThere(setting: Setting | undefined, file: string, text: string): string {
  return setting?.kind !== "path" || text.startsWith("/") ? text : join(dirname(file), text);
}

/** A variable that is empty gives nothing. Adds `settings.unknown-variable`. */
export function fromEnvironment(
  environment: Environment,
  table: SettingsTable,
  diagnostics: Diagnostic[],
): readonly Given[] {
  const names = Object.keys(table);
  complainOfUnknown(environment, names.map(variableOf), diagnostics);
  return names.flatMap((name) => {
    const variables = [variableOf(name), table[name]?.alias].filter((variable) => variable !== undefined);
    const variable = variables.find((candidate) => environment[candidate]);
    if (variable === undefined) return [];
    return [{ name, text: environment[variable] ?? "", origin: { kind: "variable", variable } as const }];
  });
}

function complainOfUnknown(
  environment: Environment,
  settings: readonly string[],
  diagnostics: Diagnostic[],
): void {
  const known = [...settings, ...OTHER_VARIABLES];
  for (const variable of Object.keys(environment)) {
    if (!variable.startsWith(VARIABLES) || variable.startsWith(OF_TESTS) || known.includes(variable))
      continue;
    const near = nearest(variable, known);
    diagnostics.push({
      code: "settings.unknown-variable",
      message: `no setting is named by the environment's ${variable}`,
      remedy: `${near === null ? "Unset it" : `Write ${near}, or unset it`}; "loanstream config" lists the settings.`,
      place: {},
    });
  }
}
