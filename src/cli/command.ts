/** What a command is. One file a command; `commands.ts` lists them. */

export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What `loanstream NAME --help` prints. */
  readonly usage: string;
  /** Resolves to the exit code: 0, or 1 where the work failed. Throws a LoanstreamError for what it can't do. */
  run(args: readonly string[]): Promise<number>;
}
