/** Names and literals in the text of Spark SQL. */

/** A literal; Spark reads backslash escapes in it. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

/** Of a record: whether a regular expression for escapes is worth its cost. */
export const HAS_ESCAPES = `contains(value, ${sqlText("\\u")})`;

export const quoted = (name: string): string => `\`${name}\``;

/** A field of the struct `e`, by its dotted path. */
export const structPath = (path: string): string => `e.${path.split(".").map(quoted).join(".")}`;
