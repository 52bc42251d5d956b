/** Where in a model something is wrong that Spark found in the SQL made of it. */
import { type Diagnostic, LoanstreamError, type Place } from "../../../errors.ts";
import type { TextFile } from "../../../pipeline/files.ts";
import { failed, type SparkFailure, sparkFailureOf } from "../connect/failure.ts";

/** Does the work. What it throws of Spark's gets its place in the models, whose SQL this is. */
export async function inModels<Done>(
  models: readonly TextFile[],
  sql: string,
  work: () => Promise<Done>,
): Promise<Done> {
  try {
    return await work();
  } catch (error) {
    const failure = sparkFailureOf(error);
    if (failure === null || !(error instanceof LoanstreamError)) throw error;
    const [first] = error.diagnostics;
    const place = placeIn(models, pointedAt(failure, sql));
    throw new LoanstreamError([{ ...first, place: { ...first.place, ...place } }], failure);
  }
}

/** Of a query that died: Spark quotes what it points at, or points at nothing. */
export function explainIn(models: readonly TextFile[], failure: SparkFailure): Diagnostic {
  const [first] = failed(failure).diagnostics;
  return { ...first, place: { ...first.place, ...placeIn(models, failure.fragment ?? "") } };
}

/** The more of it the better; what is quoted may be of a view that was made before. */
function pointedAt({ fragment, position }: SparkFailure, sql: string): string {
  const text = textFrom(sql, position);
  return fragment === null || text.startsWith(fragment) ? text : fragment;
}

function textFrom(sql: string, position: SparkFailure["position"]): string {
  if (position === null) return "";
  const [first = "", ...others] = sql.split("\n").slice(position.line - 1);
  return [first.slice(position.column - 1), ...others].join("\n");
}

interface Word {
  readonly text: string;
  readonly at: number;
}

interface Found {
  readonly model: TextFile;
  readonly at: number;
  /** Of how many words from there on model and SQL agree. */
  readonly alike: number;
}

/**
 * Line and column of what the SQL begins with, in the model that reads most like it from there on; the model alone where it
 * reads so in several places. Empty where no model, or more than one, has it.
 */
export function placeIn(models: readonly TextFile[], sql: string): Place {
  const wanted = wordsOf(sql);
  const found = models.flatMap((model) => findIn(model, wanted));
  const most = Math.max(0, ...found.map(({ alike }) => alike));
  const [best, ...others] = found.filter(({ alike }) => alike === most);
  if (best === undefined || others.some(({ model }) => model !== best.model)) return {};
  if (others.length > 0) return { file: best.model.path };
  const before = best.model.text.slice(0, best.at).split("\n");
  return { file: best.model.path, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

function findIn(model: TextFile, wanted: readonly Word[]): readonly Found[] {
  const words = wordsOf(model.text);
  return words.flatMap(({ text, at }, start) => {
    if (text !== wanted[0]?.text) return [];
    const differs = wanted.findIndex((word, nth) => !isAlike(word.text, words[start + nth]?.text));
    return { model, at, alike: differs < 0 ? wanted.length : differs };
  });
}

/** What was named in the SQL alone may be any word of the model. */
const isAlike = (word: string, other: string | undefined): boolean =>
  word === other || (word.startsWith("_") && other !== undefined);

/** Names, numbers and strings, without comments and signs; the suffixes of rendered numbers are left out. */
function wordsOf(sql: string): readonly Word[] {
  const pattern = /--[^\n]*|\/\*[\s\S]*?\*\/|('(?:[^'\\]|\\.)*')|([A-Za-z_]\w*)|(\d+(?:\.\d+)?)[LD]?/g;
  return [...sql.matchAll(pattern)].flatMap(({ 1: string, 2: name, 3: number, index }) => {
    const text = string ?? name?.toLowerCase() ?? number;
    return text === undefined ? [] : { text, at: index };
  });
}
