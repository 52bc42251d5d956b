/** Messages about the program's own work: JSON lines, or one readable line each on a terminal. */
import { fail } from "./errors.ts";

const LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
export type Level = (typeof LEVELS)[number];

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
  readonly scopes: ReadonlyMap<string, Level>;
}

export interface LogSettings {
  readonly levels: LogLevels;
  readonly terminal: boolean;
  readonly nowMs: () => number;
  readonly write: (line: string) => void;
}

/** Reads `info,engine=debug`: a level for all, and levels of their own for scopes. Throws `usage.invalid`. */
export function parseLogLevels(text: string): LogLevels {
  let general: Level = "info";
  const scopes = new Map<string, Level>();
  for (const part of text.split(",").map((piece) => piece.trim())) {
    if (part === "") continue;
    const [first = "", second] = part.split("=");
    if (second === undefined) general = levelOf(first);
    else scopes.set(first, levelOf(second));
  }
  return { general, scopes };
}

function levelOf(text: string): Level {
  const level = LEVELS.find((known) => known === text);
  if (level) return level;
  throw fail("usage.invalid", `LOG_LEVEL has no level "${text}"`, `Write one of ${LEVELS.join(", ")}.`);
}

/** A logger for one part of the program, such as `engine`. */
export function createLogger(scope: string, settings: LogSettings): Logger {
  const least = LEVELS.indexOf(settings.levels.scopes.get(scope) ?? settings.levels.general);
  const at = (level: Level): Write =>
    LEVELS.indexOf(level) < least
      ? () => {}
      : (message, fields = {}) => settings.write(`${line(settings, level, scope, message, fields)}\n`);
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

function line(settings: LogSettings, level: Level, scope: string, message: string, fields: Fields): string {
  const time = new Date(settings.nowMs()).toISOString();
  if (!settings.terminal) return JSON.stringify({ time, level, scope, message, ...fields });
  const details = Object.entries(fields).map(([name, value]) => ` ${name}=${value}`);
  return `${time.slice(11, 19)} ${level} ${scope}: ${message}${details.join("")}`;
}

/** The settings of this process: LOG_LEVEL, standard error, the clock. */
export function processLogSettings(): LogSettings {
  return {
    levels: parseLogLevels(process.env.LOG_LEVEL ?? ""),
    terminal: process.stderr.isTTY === true,
    nowMs: Date.now,
    write: (text) => process.stderr.write(text),
  };
}
