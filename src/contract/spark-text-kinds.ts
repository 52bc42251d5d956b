/**
 * `from_json` reads a number, a boolean, an object or an array into a STRING as its text. These conditions find
 * the records in which that happened.
 *
 * One regular expression over the record finds suspects: a key of a text field that no quote follows. (Inside a
 * text a quote is escaped, so a quoted name followed by a colon is always a key.) Only of a suspect is each field
 * then read again: an element of an array keeps its quotes in `get_json_object`.
 */

import { quoteText } from "../sql/render/spark.ts";
import { namePattern } from "./name-pattern.ts";
import type { EventSchema, Field, Leaf } from "./schema.ts";
import { HAS_ESCAPES, structPath } from "./spark-names.ts";

export function wrongTextKind(schema: EventSchema): string[] {
  const otherNames = new Set(namesOf(schema.fields, (field) => !isText(field) && !isTextList(field)));
  const leaves = schema.leaves.filter((leaf) => isText(leaf) || isTextList(leaf));
  const suspectable = leaves.filter(({ name }) => !otherNames.has(name));
  // A name that is no text elsewhere says nothing: such fields are always read again.
  const always = leaves.filter(({ name }) => otherNames.has(name)).map(isWrongKind);
  if (suspectable.length === 0) return always;
  return [...always, `${isSuspect(suspectable)} AND (${suspectable.map(isWrongKind).join(" OR ")})`];
}

function isText(field: Field): field is Leaf {
  if (field.kind === "object" || field.format === "epoch-millis") return false;
  return field.type.kind === "string" || field.type.kind === "timestamp";
}

const isTextList = (field: Field) => field.kind === "leaf" && field.type.kind === "array";

function namesOf(fields: readonly Field[], holds: (field: Field) => boolean): string[] {
  return fields.flatMap((field) => [
    ...(holds(field) ? [field.name] : []),
    ...(field.kind === "object" ? namesOf(field.fields, holds) : []),
  ]);
}

/** Possessive, so that Java neither backtracks nor recurses. */
const TEXT = '"(?:[^"\\\\]++|\\\\.)*+"';
const TEXT_LIST = `\\[\\s*+(?:${TEXT}\\s*+(?:,\\s*+)?)*+\\]`;
/**
 * Names are of letters, digits and _: a key written with one of them as an escape. It is no longer than the longest
 * name in escapes, which keeps the search linear in texts full of escapes.
 */
function escapedKey(names: readonly string[]): string {
  const longest = 6 * Math.max(...names.map((name) => name.length));
  return `\\\\u00[3-7][^"]{0,${longest}}+"\\s*+:`;
}

/** The record with its keys written plainly. */
const PLAIN_RECORD = "get_json_object(concat('[', value, ']'), '$[*]')";

function isSuspect(leaves: readonly Leaf[]): string {
  const texts = leaves.filter(isText).map(({ name }) => name);
  const lists = leaves.filter(isTextList).map(({ name }) => name);
  const patterns = [
    ...(texts.length > 0 ? [`${keyOf(texts)}[^"\\sn]`] : []),
    ...(lists.length > 0 ? [`${keyOf(lists)}(?!null|${TEXT_LIST})`] : []),
  ].map(quoteText);
  const escaped = escapedKey([...texts, ...lists]);
  const matches = (record: string) =>
    `(${patterns.map((pattern) => `${record} RLIKE ${pattern}`).join(" OR ")})`;
  return `(${matches("value")} OR ${HAS_ESCAPES} AND value RLIKE ${quoteText(escaped)} AND ${matches(PLAIN_RECORD)})`;
}

const keyOf = (names: readonly string[]) => `"${namePattern(names)}"\\s*+:\\s*+`;

/**
 * Not a text (or list of texts), or not the one that `from_json` took: then the key comes twice, and one of its
 * values may be no text. (1E400 is written as "Infinity", with quotes, by both functions.)
 */
function isWrongKind(leaf: Leaf): string {
  const json = `get_json_object(concat('[', value, ']'), '$[*].${leaf.path}')`;
  const form = quoteText(isText(leaf) ? '\\A"' : `\\A${TEXT_LIST}\\z`);
  const taken = structPath(leaf.path);
  const written = `to_json(named_struct('a', ${taken}))`;
  return `NOT ${json} RLIKE ${form} OR ${taken} IS NOT NULL AND concat('{"a":', ${json}, '}') <> ${written}`;
}
