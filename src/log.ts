/** Messages about the program's own work: JSON lines, or one readable line each on a terminal. */
import { isatty } from "node:tty";
import { fail } from "./errors.ts";

const LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
export type Level = (typeof LEVELS)[number];

/**
 * The parts of the program that tell of their work. run: the command; engine: what is taken in, commits, triggers; log:
 * segments, or what keeps the topic from being read; store: snapshots; publisher: what keeps commits from being published;
 * server: requests; generator: made-up events; spark: streaming queries.
 */
export const COMPONENTS = [
  "run",
  "engine",
  "log",
  "store",
  "publisher",
  "server",
  "generator",
  "spark",
] as const;
export type Component = (typeof COMPONENTS)[number];

type Fields = Readonly<Record<string, string | number | boolean | null>>;
/** Never give it a value of an event: fields are names, counts, places and times. */
type Write = (message: string, fields?: Fields) => void;

export interface Logger {
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
}

export interface LogLevels {
  readonly general: Level;
  readonly components: ReadonlyMap<Component, Level>;
}

export interface LogSettings {
  readonly levels: LogLevels;
  readonly terminal: boolean;
  readonly nowMs: () => number;
  readonly write: (line: string, level: Level) => void;
}

/** Reads `info,engine=debug`: a level for all, and levels of their own for components. Throws `usage.invalid`. */
export function parseLogLevels(text: string): LogLevels {
  let general: Level = "info";
  const components = new Map<Component, Level>();
  for (const part of text.split(",").map((piece) => piece.trim())) {
    if (part === "") continue;
    const [first = "", second] = part.split("=");
    if (second === undefined) general = known("level", LEVELS, first);
    else components.set(known("component", COMPONENTS, first), known("level", LEVELS, second));
  }
  return { general, components };
}

function known<Name extends string>(what: string, names: readonly Name[], text: string): Name {
  const name = names.find((each) => each === text);
  if (name !== undefined) return name;
  throw fail(
    "usage.invalid",
    `there is no ${what} "${text}" of messages`,
    `Use one of: ${names.join(", ")}.`,
  );
}

/** A logger for one part of the program. */
export function createLogger(component: Component, settings: LogSettings): Logger {
  const { general, components } = settings.levels;
  const least = LEVELS.indexOf(components.get(component) ?? general);
  const at = (level: Level): Write =>
    LEVELS.indexOf(level) < least
      ? () => {}
      : (message, fields = {}) =>
          settings.write(`${line(settings, level, component, message, fields)}\n`, level);
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** Says nothing. */
export const SILENT: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

function line(
  settings: LogSettings,
  level: Level,
  component: Component,
  message: string,
  fields: Fields,
): string {
  const time = new Date(settings.nowMs()).toISOString();
  if (!settings.terminal) return JSON.stringify({ time, level, component, message, ...fields });
  const details = Object.entries(fields).map(([name, value]) => ` ${name}=${value}`);
  return `${time.slice(11, 19)} ${level} ${component}: ${message}${details.join("")}`;
}

/** This process's messages, by its clock; they go to standard error unless something else takes them. */
export function processLogSettings(
  levels: LogLevels = parseLogLevels(""),
  write: LogSettings["write"] = writeError,
): LogSettings {
  return {
    levels,
    terminal: isatty(2),
    nowMs: Date.now,
    write,
  };
}

function writeError(line: string): void {
  process.stderr.write(line);
}
