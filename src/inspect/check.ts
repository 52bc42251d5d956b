/** Checks as values, each of which looks at one thing and says what it found. */
import { LoanstreamError } from "../errors.ts";

export type Outcome = "ok" | "warning" | "failed";

export interface Finding {
  readonly outcome: Outcome;
  readonly found: string;
  /** Null where nothing is to be done. */
  readonly remedy: string | null;
}

/** `Subject` is what is looked at. */
export interface Check<Subject> {
  readonly name: string;
  /** None where there is nothing to look at. Throws a LoanstreamError for what is wrong in a way that is known. */
  run(subject: Subject): Promise<readonly Finding[]>;
}

export interface CheckResult extends Finding {
  readonly check: string;
}

export const ok = (found: string): Finding => ({ outcome: "ok", found, remedy: null });
export const warning = (found: string, remedy: string): Finding => ({ outcome: "warning", found, remedy });
export const failed = (found: string, remedy: string): Finding => ({ outcome: "failed", found, remedy });

/** One after the other, in their order. */
export async function* runChecks<Subject>(
  checks: readonly Check<Subject>[],
  subject: Subject,
): AsyncGenerator<CheckResult> {
  for (const { name, run } of checks) {
    for (const finding of await run(subject).catch(failures)) yield { check: name, ...finding };
  }
}

/** What an error of the catalogue says, a finding each. */
export function failures(error: unknown): readonly Finding[] {
  if (!(error instanceof LoanstreamError)) throw error;
  return error.diagnostics.map(({ code, message, remedy, place }) => {
    const { file, line, column, path, broker, topic } = place;
    const where = [file, line, column, path, broker, topic].filter((part) => part !== undefined);
    return failed(`${where.length > 0 ? `${where.join(":")}: ` : ""}${message} [${code}]`, remedy);
  });
}
