/** Names in the text of Spark SQL. */
import { quoteName, quoteText } from "../sql/render/spark.ts";

/** The record, STRING, and the struct that `from_json` makes of it: no field of a schema has such a name. */
export const RECORD = "_value";
export const PARSED = "_e";

/** Of a record: whether a regular expression for escapes is worth its cost. */
export const HAS_ESCAPES = `contains(${RECORD}, ${quoteText("\\u")})`;

/** A field of the record, by its dotted path. */
export const structPath = (path: string): string =>
  `${PARSED}.record.${path.split(".").map(quoteName).join(".")}`;
