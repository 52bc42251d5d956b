/** Where in a model something is wrong that Spark found in the SQL made of it. */
import { basename } from "node:path";
import { LoanstreamError, type Place } from "../../../errors.ts";
import type { TextFile } from "../../../pipeline/files.ts";
import { type SparkFailure, sparkFailureOf } from "../connect/failure.ts";

/** Does the work. What it throws of Spark's gets its place in the model; `view` is null for no view's SQL. */
export async function inModel<Done>(
  models: readonly TextFile[],
  view: string | null,
  sql: string,
  work: () => Promise<Done>,
): Promise<Done> {
  try {
    return await work();
  } catch (error) {
    const failure = sparkFailureOf(error);
    if (failure === null || !(error instanceof LoanstreamError)) throw error;
    const place = placeIn(models, failure.view ?? view, sql, failure);
    const [first] = error.diagnostics;
    throw new LoanstreamError([{ ...first, place: { ...first.place, ...place } }], failure);
  }
}

/**
 * Line and column of the word at which Spark points, where the model has it; else of the model alone. Empty where the
 * SQL is of no model.
 */
export function placeIn(
  models: readonly TextFile[],
  view: string | null,
  sql: string,
  { position }: Pick<SparkFailure, "position">,
): Place {
  const model = models.find(({ path }) => basename(path, ".sql") === view);
  if (model === undefined) return {};
  const line = position === null ? "" : (sql.split("\n")[position.line - 1] ?? "");
  const word = /^`?(\w+)/.exec(line.slice((position?.column ?? 1) - 1))?.[1];
  const at = word === undefined ? -1 : model.text.search(new RegExp(`\\b${word}\\b`, "i"));
  if (at < 0) return { file: model.path };
  const before = model.text.slice(0, at).split("\n");
  return { file: model.path, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
