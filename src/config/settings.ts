/** The settings of a command: `loanstream.yaml` < `LOANSTREAM_*` < flags. */
import { type ParseArgsConfig, parseArgs } from "node:util";
import { type Diagnostic, LoanstreamError, throwIfAny } from "../errors.ts";
import { parseFlags } from "./flags.ts";
import {
  type Environment,
  fromEnvironment,
  fromFile,
  type Given,
  type Origin,
  settingsFile,
} from "./given.ts";
import {
  flagOf,
  hasFlag,
  keyOf,
  type Setting,
  type SettingsOf,
  type SettingsTable,
  settingsTable,
  takes,
} from "./table.ts";
import { isComplaint, readValue, type SettingValue } from "./value.ts";

/** A setting as it holds. */
export interface Effective {
  readonly name: string;
  /** As it was written, a path of the file resolved; null where nothing is given. */
  readonly text: string | null;
  readonly value: SettingValue;
  readonly origin: Origin;
}

export interface SettingsRead<Command extends string, Own extends ParseArgsConfig> {
  readonly settings: SettingsOf<Command>;
  /** The command's own flags. */
  readonly flags: ReturnType<typeof parseArgs<Own>>["values"];
  readonly positionals: readonly string[];
  /** Every setting, whether the command takes it or not. */
  readonly effective: readonly Effective[];
  /** The file of settings that was read. */
  readonly file: string | null;
}

/**
 * Reads a command line: `own` are the command's flags beside its settings, and whether it takes positionals. Whatever is
 * wrong in the file, the environment or a flag is reported, even of settings that the command doesn't take. Throws
 * `usage.invalid`, `settings.invalid-variable`, `settings.unknown-variable`, `file.unreadable`, `yaml.*`.
 */
export function readSettings<Command extends string, Own extends ParseArgsConfig>(
  command: Command,
  args: readonly string[],
  own: Own,
  environment: Environment = process.env,
): SettingsRead<Command, Own> {
  const { file: named, given, rest } = fromFlags(command, args, own);
  const { values, positionals } = parseFlags(command, { ...own, args: [...rest], allowNegative: true });
  const file = settingsFile(named, environment);
  const effective = effectiveSettings(settingsTable, { file, environment, flags: given }, command);
  return { settings: settingsOf(effective), flags: values, positionals, effective, file };
}

interface Sources {
  readonly file: string | null;
  readonly environment: Environment;
  readonly flags: readonly Given[];
}

/** Throws all that is wrong. */
export function effectiveSettings(
  table: SettingsTable,
  { file, environment, flags }: Sources,
  command: string,
): readonly Effective[] {
  const diagnostics: Diagnostic[] = [];
  const given = [
    ...(file === null ? [] : fromFile(file, table, diagnostics)),
    ...fromEnvironment(environment, table, diagnostics),
    ...flags,
  ];
  const judged = given.map((each) => judge(table, each, command, diagnostics));
  throwIfAny(diagnostics);
  return Object.entries(table).map(([name, setting]) => {
    const last = judged.findLast((each) => each.name === name);
    return last ?? judge(table, { name, text: setting.default, origin: { kind: "default" } }, command, []);
  });
}

/** Whether a command line asks for all messages, of which stacks are some; one that can't be read doesn't. */
export function asksForDebug(args: readonly string[], environment: Environment = process.env): boolean {
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    tokens: true,
    options: { config: { type: "string" }, [flagOf("logLevel")]: { type: "string" } },
  });
  const names = new Map([[flagOf("logLevel"), "logLevel"]]);
  const { file, given: flags } = amongTokens(tokens, names);
  try {
    const sources = { file: settingsFile(file, environment), environment, flags };
    return settingsOf<"init">(effectiveSettings(settingsTable, sources, "init")).logLevel.general === "debug";
  } catch (error) {
    if (error instanceof LoanstreamError) return false;
    throw error;
  }
}

type Unjudged = Omit<Effective, "value">;

function judge(table: SettingsTable, given: Unjudged, command: string, diagnostics: Diagnostic[]): Effective {
  const setting = table[given.name];
  const value = setting === undefined ? null : readValue(setting, given.text);
  if (!isComplaint(value)) return { ...given, value };
  diagnostics.push(complaintAbout(given, value.complaint, value.remedy, command));
  return { ...given, value: null };
}

function complaintAbout(
  { name, origin }: Unjudged,
  complaint: string,
  remedy: string | null,
  command: string,
): Diagnostic {
  if (origin.kind === "file")
    return {
      code: "yaml.wrong-value",
      message: `${keyOf(name)} ${complaint}`,
      remedy: remedy ?? "Correct it, or remove it.",
      place: origin.place,
    };
  if (origin.kind === "variable")
    return {
      code: "settings.invalid-variable",
      message: `${origin.variable} ${complaint}`,
      remedy: remedy ?? "Correct it, or unset it.",
      place: {},
    };
  return {
    code: "usage.invalid",
    message: `--${flagOf(name)} ${complaint}`,
    remedy: remedy ?? `See "loanstream ${command} --help".`,
    place: {},
  };
}

/** By the type of the table, each value is of its setting's kind. */
function settingsOf<Command extends string>(effective: readonly Effective[]): SettingsOf<Command> {
  const values: Record<string, unknown> = Object.fromEntries(
    effective.map(({ name, value }) => [name, value]),
  );
  return values as SettingsOf<Command>;
}

interface FromFlags {
  /** What `--config` names. */
  readonly file: string | null;
  readonly given: readonly Given[];
  /** The arguments without those. */
  readonly rest: readonly string[];
}

interface OptionToken {
  readonly kind: "option";
  readonly index: number;
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}
type Token = OptionToken | { readonly kind: "positional" | "option-terminator" };

/** Takes the settings' flags out of the arguments, after a look at all of them. */
function fromFlags(command: string, args: readonly string[], own: ParseArgsConfig): FromFlags {
  const names = settingFlags(command);
  const { tokens } = parseFlags(command, {
    ...own,
    args: [...args],
    allowNegative: true,
    tokens: true,
    options: { ...own.options, config: { type: "string" }, ...optionsOf(names) },
  });
  const { ours, file, given } = amongTokens(tokens, names);
  const taken = new Set(
    ours.flatMap(({ index, inlineValue }) => (inlineValue === false ? [index, index + 1] : [index])),
  );
  return {
    file,
    given,
    rest: args.filter((_, index) => !taken.has(index)),
  };
}

function amongTokens(tokens: readonly Token[], names: ReadonlyMap<string, string>) {
  const ours = tokens
    .filter((token) => token.kind === "option")
    .filter(({ name }) => name === "config" || names.has(name));
  return {
    ours,
    file: ours.findLast(({ name }) => name === "config")?.value ?? null,
    given: ours.flatMap((token) => givenBy(token, names.get(token.name))),
  };
}

/** Names of settings by their flags. */
function settingFlags(command: string): ReadonlyMap<string, string> {
  const all: [string, Setting][] = Object.entries(settingsTable);
  const taken = all.filter(([, setting]) => hasFlag(setting) && takes(command, setting));
  return new Map(taken.map(([name]) => [flagOf(name), name]));
}

function optionsOf(names: ReadonlyMap<string, string>): NonNullable<ParseArgsConfig["options"]> {
  const table: SettingsTable = settingsTable;
  return Object.fromEntries(
    [...names].map(([flag, name]) => [flag, { type: table[name]?.kind === "flag" ? "boolean" : "string" }]),
  );
}

function givenBy({ name: flag, rawName, value }: OptionToken, name: string | undefined): readonly Given[] {
  if (name === undefined) return [];
  const text = value ?? String(!rawName.startsWith("--no-"));
  return [{ name, text, origin: { kind: "flag", flag: `--${flag}` } }];
}
