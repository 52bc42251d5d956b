/**
 * Every setting, declared once. From here come the flags (`--data-dir`), the variables (`LOANSTREAM_DATA_DIR`), the keys
 * of `loanstream.yaml` (`data_dir`), what `--help` says of them, `loanstream config` and `docs/settings.md`.
 */
import type { LogLevels } from "../log.ts";

/** What a setting's value is, and what a command gets: a duration in milliseconds, a rate in events a second. */
export interface Kinds {
  readonly text: string;
  readonly secret: string;
  readonly choice: string;
  /** Relative ones are relative to the working directory; those of the file to the file. */
  readonly path: string;
  readonly whole: number;
  readonly rate: number;
  readonly duration: number;
  readonly flag: boolean;
  readonly levels: LogLevels;
}
export type Kind = keyof Kinds;

export interface Setting {
  readonly kind: Kind;
  /** As it would be written; null where there need be none. */
  readonly default: string | null;
  /** The commands that take it. */
  readonly commands: readonly string[] | "every";
  /** Stands for the value in `--help`. */
  readonly value: string;
  /** A line without its end. */
  readonly meaning: string;
  /** What no value means. */
  readonly unset?: string;
  /** Bounds of a whole number. */
  readonly least?: number;
  readonly most?: number;
  readonly choices?: readonly string[];
  /** Another variable of the environment that gives it. */
  readonly alias?: string;
}

export type SettingsTable = Readonly<Record<string, Setting>>;

export const settingsTable = {
  dataDir: {
    kind: "path",
    default: ".loanstream/data",
    commands: ["run", "status", "doctor", "consume", "topics", "dlq", "why", "rebuild"],
    value: "DIR",
    meaning: "where log and tables are kept",
  },
  pipeline: {
    kind: "path",
    default: null,
    unset: "the one that comes with loanstream",
    commands: [
      ...["run", "analyze", "evaluate", "check", "test", "sql", "status", "doctor"],
      ...["consume", "topics", "dlq", "why", "rebuild"],
    ],
    value: "DIR",
    meaning: "the pipeline's folder",
  },
  rate: {
    kind: "rate",
    default: "3",
    commands: ["run", "generate"],
    value: "R",
    meaning: "mean number of generated events a second",
  },
  seed: {
    kind: "whole",
    default: "1",
    least: 0,
    commands: ["run", "generate"],
    value: "S",
    meaning: "seed of the generator, a whole number",
  },
  history: {
    kind: "duration",
    default: "24 hours",
    commands: ["run"],
    value: "TIME",
    meaning: "how much of the past a first start generates, such as 24h, or none",
  },
  generator: {
    kind: "flag",
    default: "true",
    commands: ["run", "doctor"],
    value: "",
    meaning: "generate events; --no-generator only takes in what comes from elsewhere",
  },
  host: {
    kind: "text",
    default: "127.0.0.1",
    commands: ["run", "doctor"],
    value: "HOST",
    meaning: "address to listen on; the default keeps to this machine",
  },
  port: {
    kind: "whole",
    default: "8080",
    least: 0,
    most: 65_535,
    commands: ["run", "doctor"],
    value: "PORT",
    meaning: "port to listen on, 0 for any that is free",
  },
  engine: {
    kind: "choice",
    default: "embedded",
    choices: ["embedded", "spark"],
    commands: ["test"],
    value: "E",
    meaning: "embedded, or spark: over Spark Connect",
  },
  sparkRemote: {
    kind: "text",
    default: "sc://127.0.0.1:15002",
    commands: ["test"],
    value: "URL",
    meaning: 'where Spark listens; "make spark" starts one at the default',
  },
  logLevel: {
    kind: "levels",
    default: "info",
    alias: "LOG_LEVEL",
    commands: "every",
    value: "LEVELS",
    meaning: "debug, info, warn, error or silent; of a component too, as in info,engine=debug",
  },
} as const satisfies SettingsTable;

/** The values that a command takes. */
export type SettingsOf<Command extends string> = {
  readonly [Name in keyof typeof settingsTable as Takes<Command, Name> extends true ? Name : never]: ValueOf<
    (typeof settingsTable)[Name]
  >;
};

type Takes<Command extends string, Name extends keyof typeof settingsTable> =
  Extract<(typeof settingsTable)[Name]["commands"], string> extends never
    ? Command extends "config" | (typeof settingsTable)[Name]["commands"][number]
      ? true
      : false
    : true;

type ValueOf<Declared extends Setting> =
  | Kinds[Declared["kind"]]
  | (Declared["default"] extends null ? null : never);

/** `config` shows them all. */
export function takes(command: string, { commands }: Setting): boolean {
  return command === "config" || commands === "every" || commands.includes(command);
}

/** `data-dir` of dataDir. */
export const flagOf = (name: string) => separated(name, "-");
/** `data_dir`. */
export const keyOf = (name: string) => separated(name, "_");
/** `LOANSTREAM_DATA_DIR`. */
export const variableOf = (name: string) => `${VARIABLES}${keyOf(name).toUpperCase()}`;

export const VARIABLES = "LOANSTREAM_";

const separated = (name: string, separator: string) =>
  name.replaceAll(/[A-Z]/g, (letter) => `${separator}${letter.toLowerCase()}`);
