/** What a command of the stack tells and ends with. */
import { formatDiagnostic, LoanstreamError } from "../src/errors.ts";

/** `run` gives the exit code; an error of the catalogue is one line and its own code. */
export async function command(run: () => Promise<number>): Promise<void> {
  // Whoever reads may have enough; the work goes on.
  process.stdout.on("error", () => {});
  try {
    process.exitCode = await run();
  } catch (error) {
    if (!(error instanceof LoanstreamError)) throw error;
    for (const diagnostic of error.diagnostics) process.stderr.write(`${formatDiagnostic(diagnostic)}\n`);
    process.exitCode = error.exitCode;
  }
}
