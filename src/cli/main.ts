/** The command line: finds the command, prints what went wrong, gives the exit code. */
import { asksForDebug } from "../config/settings.ts";
import { fail, formatDiagnostic, LoanstreamError } from "../errors.ts";
import { nearest } from "../suggest.ts";
import { commands } from "./commands.ts";
import { version } from "./version.ts";

/** Runs one command line. 0: done, 1: failed, 2: bad usage or configuration, 3: another took over. */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    return await dispatch(argv);
  } catch (error) {
    return report(error, argv);
  }
}

async function dispatch([name, ...args]: readonly string[]): Promise<number> {
  const [of] = args;
  if (name === "help" && of !== undefined) return dispatch([of, "--help"]);
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    process.stdout.write(overview());
    return 0;
  }
  if (name === "--version" || name === "-v") {
    process.stdout.write(`${version()}\n`);
    return 0;
  }
  const entry = commands.get(name);
  if (entry === undefined) throw unknownCommand(name);
  const command = await entry.load();
  if (!args.includes("--help") && !args.includes("-h")) return command.run(args);
  process.stdout.write(`${command.summary}.\n\n${command.usage.trim()}\n`);
  return 0;
}

function overview(): string {
  const width = Math.max(...[...commands.keys()].map((name) => name.length));
  const list = [...commands].map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`);
  return [
    "Streaming analytics for loan applications.",
    "",
    "Usage: loanstream COMMAND [OPTION…]",
    "",
    ...list,
    "",
    "loanstream COMMAND --help tells more of a command; --version prints the version.",
    "",
  ].join("\n");
}

function unknownCommand(name: string): LoanstreamError {
  const close = nearest(name, [...commands.keys()]);
  const remedy = close === null ? `"loanstream --help" lists the commands.` : `Did you mean "${close}"?`;
  return fail("usage.invalid", `there is no command "${name}"`, remedy);
}

function report(error: unknown, argv: readonly string[]): number {
  const known = error instanceof LoanstreamError ? error : unexpected(error);
  for (const diagnostic of known.diagnostics) process.stderr.write(`${formatDiagnostic(diagnostic)}\n`);
  if (asksForDebug(argv)) process.stderr.write(`${stackOf(error)}\n`);
  return known.exitCode;
}

function unexpected(error: unknown): LoanstreamError {
  const message = error instanceof Error ? error.message.split("\n")[0] : String(error);
  const remedy =
    "This is a defect of loanstream: run it again with LOG_LEVEL=debug and report what it prints.";
  return fail("internal.unexpected", message || "an unnamed error", remedy);
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** A reader that has seen enough (`head`) is no error. */
function endWithReader(stream: NodeJS.WriteStream): void {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
}

if (import.meta.main) {
  endWithReader(process.stdout);
  endWithReader(process.stderr);
  process.exitCode = await main(process.argv.slice(2));
}
