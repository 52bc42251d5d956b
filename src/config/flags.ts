/** Flags of a command line, and what is wrong with them. */
import { type ParseArgsConfig, parseArgs } from "node:util";
import { fail } from "../errors.ts";
import { nearest } from "../suggest.ts";

/** Parses flags strictly. Throws `usage.invalid` with the command to ask for help. */
export function parseFlags<T extends ParseArgsConfig>(
  command: string,
  config: T,
): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    const flags = Object.keys(config.options ?? {}).map((name) => `--${name}`);
    throw usageError(command, error instanceof Error ? complaintOf(error, flags) : String(error));
  }
}

export function usageError(command: string, message: string) {
  return fail("usage.invalid", message, `See "loanstream ${command} --help".`);
}

/** A whole number that a flag gives, within bounds. Throws `usage.invalid`. */
export function wholeNumber(command: string, flag: string, text: string, least: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(number) && number >= least) return number;
  throw usageError(command, `--${flag} takes a whole number from ${least} on, not "${text}"`);
}

function complaintOf({ message }: Error, flags: readonly string[]): string {
  const unknown = /^Unknown option '(--[\w-]+)'/.exec(message)?.[1];
  const near = unknown === undefined ? null : nearest(unknown, flags);
  if (near !== null) return `there is no option ${unknown}; did you mean ${near}?`;
  const flag = /^Option '(?:-\w, )?(--[\w-]+) ?.*' argument is ambiguous/.exec(message)?.[1];
  if (flag !== undefined) return `${flag} has no value; one that begins with a dash is written ${flag}=-…`;
  return message.split(". ")[0] ?? message;
}
