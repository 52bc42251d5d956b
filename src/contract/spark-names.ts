/** Names in the text of Spark SQL. */
import { quoteName, quoteText } from "../sql/render/spark.ts";

/** Of a record: whether a regular expression for escapes is worth its cost. */
export const HAS_ESCAPES = `contains(value, ${quoteText("\\u")})`;

/** A field of the struct `e`, by its dotted path. */
export const structPath = (path: string): string => `e.${path.split(".").map(quoteName).join(".")}`;
