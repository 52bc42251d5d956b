/**
 * `from_json` reads a number, a boolean, an object or an array into a STRING as its text. These conditions find the
 * records in which that happened.
 *
 * Such a text says itself that it may be none: it is a number, begins with a bracket, and so on. Of most fields none
 * ever does, since an enumeration or a format allows no such text; of the others the record is asked how it writes the
 * field, first by a look for the plain form, then by reading it again: an element of an array keeps its quotes in
 * `get_json_object`, and of a key that comes twice it gives both values.
 */

import { quoteName, quoteText } from "../sql/render/spark.ts";
import type { EventSchema, Leaf } from "./schema.ts";
import { HAS_ESCAPES, RECORD } from "./spark-names.ts";

export function wrongTextKind({ leaves }: EventSchema): string[] {
  return leaves.flatMap((leaf) => {
    if (leaf.type.kind === "array") return canLookOtherwise(leaf) ? [isWrongList(leaf)] : [];
    return leaf.type.kind === "string" && canLookOtherwise(leaf) ? [isWrongText(leaf)] : [];
  });
}

/** How `from_json` writes what is no text. (1E400 becomes "Infinity", with quotes.) */
const OTHERWISE = '[\\[{].*|-?[0-9][0-9.eE+-]*|true|false|"-?Infinity"';

function canLookOtherwise({ format, values }: Leaf): boolean {
  if (values === null) return format === null;
  return values.some((value) => new RegExp(`^(?:${OTHERWISE})$`, "s").test(value));
}

const looksOtherwise = (text: string): string => `${text} RLIKE ${quoteText(`(?s)\\A(?:${OTHERWISE})\\z`)}`;

/** Of a null the first condition is false: AND goes on behind one that is null. */
function isWrongText(leaf: Leaf): string {
  const taken = quoteName(leaf.path);
  return `${taken} IS NOT NULL AND ${looksOtherwise(taken)} AND NOT (${isPlainly(leaf.name)}) AND ${isMiswritten(leaf)}`;
}

/** Without escapes, if wherever the name stands a text follows at once, the field is one. */
function isPlainly(name: string): string {
  return `NOT ${HAS_ESCAPES} AND NOT ${RECORD} RLIKE ${quoteText(`"${name}"(?!:")`)}`;
}

function isWrongList(leaf: Leaf): string {
  const taken = quoteName(leaf.path);
  return `${taken} IS NOT NULL AND exists(${taken}, element -> ${looksOtherwise("element")}) AND ${isMiswritten(leaf)}`;
}

/** The record holds something else than what `from_json` took; of a key that comes more than once, the last time. */
function isMiswritten(leaf: Leaf): string {
  const json = `get_json_object(concat('[', ${RECORD}, ']'), '$[*].${leaf.path}')`;
  const object = `to_json(named_struct('a', ${quoteName(leaf.path)}))`;
  const taken = `substr(${object}, 6, char_length(${object}) - 6)`;
  return `NOT (${json} = ${taken} OR endswith(${json}, concat(',', ${taken}, ']')))`;
}
