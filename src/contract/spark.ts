/**
 * A schema on Spark's side: how `from_json` reads a record, the typed columns of its struct, and one predicate
 * for the records that are dead. `docs/parity.md` says where it and the scanner still differ.
 */

import { quoteName, quoteText } from "../sql/render/spark.ts";
import { rangeOf } from "./guarantees.ts";
import { MAX_RECORD_BYTES } from "./scan-json.ts";
import type { EventSchema, Field, Leaf, Requirement } from "./schema.ts";
import { HAS_ESCAPES, structPath } from "./spark-names.ts";
import { wrongTextKind } from "./spark-text-kinds.ts";

/** Expressions over the column `value` (the record, STRING) and `e`, the struct that `fromJson` makes of it. */
export interface SparkSource {
  /** Of the struct, for `from_json`. */
  readonly ddl: string;
  /** Over `value`; to be evaluated once, as `e`. */
  readonly fromJson: string;
  /** One a leaf, named by its dotted path, over `e`; of a dead record they hold anything. */
  readonly columns: readonly { readonly name: string; readonly sql: string }[];
  /** Over `value` and `e`: true or false, never null. */
  readonly isDead: string;
}

export function sparkSource(schema: EventSchema): SparkSource {
  const ddl = `${schema.fields.map((field) => `${quoteName(field.name)} ${ddlType(field)}`).join(", ")}, _corrupt_record STRING`;
  return {
    ddl,
    fromJson: `from_json(value, ${quoteText(ddl)}, map(${FROM_JSON_OPTIONS.map(quoteText).join(", ")}))`,
    columns: schema.leaves.map((leaf) => ({ name: leaf.path, sql: columnSql(leaf) })),
    isDead: isDeadSql(schema),
  };
}

const FROM_JSON_OPTIONS = [
  ...["mode", "PERMISSIVE", "columnNameOfCorruptRecord", "_corrupt_record"],
  ...["allowSingleQuotes", "false", "allowNonNumericNumbers", "false"],
];

function ddlType(field: Field): string {
  if (field.kind === "object")
    return `STRUCT<${field.fields.map((inner) => `${quoteName(inner.name)}: ${ddlType(inner)}`).join(", ")}>`;
  if (field.format === "epoch-millis") return "BIGINT";
  const types = { bigint: "BIGINT", double: "DOUBLE", boolean: "BOOLEAN", array: "ARRAY<STRING>" } as const;
  const { kind } = field.type;
  return kind === "bigint" || kind === "double" || kind === "boolean" || kind === "array"
    ? types[kind]
    : "STRING";
}

function columnSql({ path, type, format }: Leaf): string {
  const value = structPath(path);
  if (format === "epoch-millis") return `timestamp_millis(${value})`;
  if (type.kind === "timestamp") return `CAST(${value} AS TIMESTAMP)`;
  return type.kind === "double" ? `${value} + 0D` : value;
}

/** CASE takes a null condition for false, so that a check of an absent field is silent. */
function isDeadSql(schema: EventSchema): string {
  const conditions = [
    "e IS NULL",
    "e._corrupt_record IS NOT NULL",
    ...RECORD_CONDITIONS,
    ...schema.leaves.flatMap(leafConditions),
    ...schema.requirements.flatMap((requirement) => missingConditions(requirement, schema)),
    ...wrongTextKind(schema),
  ];
  return `CASE ${conditions.map((condition) => `WHEN ${condition} THEN true`).join(" ")} ELSE false END`;
}

/** Escaped backslashes and whole surrogate pairs. */
const PAIRS = "\\\\\\\\|\\\\u[dD][89abAB][0-9a-fA-F]{2}\\\\u[dD][c-fC-F][0-9a-fA-F]{2}";
const SURROGATE = "\\\\u[dD][89a-fA-F]";

const RECORD_CONDITIONS = [
  `octet_length(value) > ${MAX_RECORD_BYTES}`,
  // What is no UTF-8 comes out of Java's texts changed; of `decode` in Spark 3 alone, 4 fails with it.
  "value <> format_string('%s', value)",
  // As the only element of an array a record can be followed by nothing, except by an array's end of its own.
  "NOT json_array_length(concat('[', value, ']')) <=> 1",
  `NOT endswith(trim(TRAILING ${quoteText(" \t\r\n")} FROM value), '}')`,
  `${HAS_ESCAPES} AND regexp_replace(value, ${quoteText(PAIRS)}, ' ') RLIKE ${quoteText(SURROGATE)}`,
];

const UUID = "\\A[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\\z";
const DATE = "(?!0000)[0-9]{4}-[0-9]{2}-[0-9]{2}";
const TIME = `\\A${DATE}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z\\z`;

function leafConditions(leaf: Leaf): string[] {
  const value = structPath(leaf.path);
  if (leaf.type.kind === "array")
    return [
      `exists(${value}, element -> ${["element IS NULL", ...textConditions(leaf, "element")].join(" OR ")})`,
    ];
  if (leaf.format === "date-time") return formConditions(value, TIME, "TIMESTAMP");
  if (leaf.format === "date") return formConditions(value, `\\A${DATE}\\z`, "DATE");
  return leaf.type.kind === "string" ? textConditions(leaf, value) : rangeConditions(leaf, value);
}

/** Of the form, and a real date. */
function formConditions(value: string, form: string, type: string): string[] {
  return [
    `NOT ${value} RLIKE ${quoteText(form)}`,
    `${value} IS NOT NULL AND CAST(${value} AS ${type}) IS NULL`,
  ];
}

function textConditions({ format, values, maxLength }: Leaf, value: string): string[] {
  return [
    ...(format === "uuid" ? [`NOT ${value} RLIKE ${quoteText(UUID)}`] : []),
    ...(values ? [`${value} NOT IN (${values.map(quoteText).join(", ")})`] : []),
    ...(maxLength === null ? [] : [`char_length(${value}) > ${maxLength}`]),
  ];
}

function rangeConditions(leaf: Leaf, value: string): string[] {
  const range = rangeOf(leaf);
  const suffix = leaf.type.kind === "double" ? "D" : "L";
  return range ? [`${value} < ${range.low}${suffix}`, `${value} > ${range.high}${suffix}`] : [];
}

function missingConditions({ when, paths }: Requirement, { requirements }: EventSchema): string[] {
  const always = new Set(requirements.filter((other) => other.when === null).flatMap((other) => other.paths));
  const condition = when ? [`${structPath(when.path)} IN (${when.values.map(quoteText).join(", ")})`] : [];
  return paths.map((path) => {
    const parent = path.slice(0, Math.max(path.lastIndexOf("."), 0));
    const inParent = parent === "" || always.has(parent) ? [] : [`${structPath(parent)} IS NOT NULL`];
    return [...condition, ...inParent, `${structPath(path)} IS NULL`].join(" AND ");
  });
}
