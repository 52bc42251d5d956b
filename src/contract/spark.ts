/**
 * A schema on Spark's side: how `from_json` reads a record, the typed columns of its struct, and one predicate
 * for the records that are dead. `docs/parity.md` says where it and the scanner still differ.
 */

import { quoteName, quoteText } from "../sql/render/spark.ts";
import { rangeOf } from "./guarantees.ts";
import { MAX_RECORD_BYTES } from "./scan-json.ts";
import type { EventSchema, Field, Leaf, Requirement } from "./schema.ts";
import { HAS_ESCAPES, PARSED, RECORD, structPath } from "./spark-names.ts";
import { wrongTextKind } from "./spark-text-kinds.ts";

/** Expressions that stand over each other: each needs those before it as columns of what it reads. */
export interface SparkSource {
  /** Over the record, as column `RECORD`; is column `PARSED`. */
  readonly fromJson: string;
  /** One a leaf, named by its dotted path; of a dead record they hold anything. */
  readonly columns: readonly { readonly name: string; readonly sql: string }[];
  /** True or false, never null. */
  readonly isDead: string;
}

export function sparkSource(schema: EventSchema): SparkSource {
  return {
    fromJson: fromJsonSql(schema),
    columns: schema.leaves.map((leaf) => ({ name: leaf.path, sql: columnSql(leaf) })),
    isDead: isDeadSql(schema),
  };
}

/**
 * Of an object the parser reads no further than to its end. So the record is read as a member of another object, with one
 * more behind it, which is found only where the record's end is the end of an object.
 */
function fromJsonSql({ fields }: EventSchema): string {
  const record = fields.map((field) => `${quoteName(field.name)}: ${ddlType(field)}`).join(", ");
  const ddl = `record STRUCT<${record}>, behind INT, _corrupt_record STRING`;
  const text = `concat('{"record":', ${RECORD}, ',"behind":0}')`;
  return `from_json(${text}, ${quoteText(ddl)}, map(${FROM_JSON_OPTIONS.map(quoteText).join(", ")}))`;
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
    `${PARSED}._corrupt_record IS NOT NULL`,
    `${PARSED}.record IS NULL`,
    `${PARSED}.behind IS NULL`,
    ...RECORD_CONDITIONS,
    ...schema.leaves.flatMap(leafConditions),
    ...schema.requirements.map((requirement) => missingCondition(requirement, schema)),
    ...wrongTextKind(schema),
  ];
  return `CASE ${conditions.map((condition) => `WHEN ${condition} THEN true`).join(" ")} ELSE false END`;
}

/** Escaped backslashes and whole surrogate pairs. */
const PAIRS = "\\\\\\\\|\\\\u[dD][89abAB][0-9a-fA-F]{2}\\\\u[dD][c-fC-F][0-9a-fA-F]{2}";
const SURROGATE = "\\\\u[dD][89a-fA-F]";

const RECORD_CONDITIONS = [
  `octet_length(${RECORD}) > ${MAX_RECORD_BYTES}`,
  // What is no UTF-8 comes out of Java's texts changed; of `decode` in Spark 3 alone, 4 fails with it.
  `${RECORD} <> format_string('%s', ${RECORD})`,
  // It may not go on as the object around it does; of what ends as an object does nothing tells.
  `NOT endswith(${RECORD}, '}') AND NOT endswith(trim(TRAILING ${quoteText(" \t\r\n")} FROM ${RECORD}), '}')`,
  `${HAS_ESCAPES} AND regexp_replace(${RECORD}, ${quoteText(PAIRS)}, ' ') RLIKE ${quoteText(SURROGATE)}`,
];

const UUID = "\\A[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\\z";
const DATE = "(?!0000)[0-9]{4}-[0-9]{2}-[0-9]{2}";
const TIME = `\\A${DATE}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z\\z`;

function leafConditions(leaf: Leaf): string[] {
  const value = writtenValue(leaf);
  if (leaf.type.kind === "array")
    return [
      `exists(${value}, element -> ${["element IS NULL", ...textConditions(leaf, "element")].join(" OR ")})`,
    ];
  if (leaf.format === "date-time") return formConditions(value, TIME, quoteName(leaf.path));
  if (leaf.format === "date") return formConditions(value, `\\A${DATE}\\z`, `CAST(${value} AS DATE)`);
  return leaf.type.kind === "string" ? textConditions(leaf, value) : rangeConditions(leaf, value);
}

/** As the record has it: a time isn't a time yet. */
const writtenValue = ({ path, type }: Leaf): string =>
  type.kind === "timestamp" ? structPath(path) : quoteName(path);

/** Of the form, and a real date: one that has a value. */
function formConditions(text: string, form: string, value: string): string[] {
  return [`NOT ${text} RLIKE ${quoteText(form)}`, `${text} IS NOT NULL AND ${value} IS NULL`];
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

function missingCondition({ when, paths }: Requirement, { requirements, leaves }: EventSchema): string {
  const always = new Set(requirements.filter((other) => other.when === null).flatMap((other) => other.paths));
  const isLeaf = new Set(leaves.map(({ path }) => path));
  const named = (path: string) => (isLeaf.has(path) ? quoteName(path) : structPath(path));
  const missing = paths.map((path) => {
    const parent = path.slice(0, Math.max(path.lastIndexOf("."), 0));
    const inParent = parent === "" || always.has(parent) ? "" : `${structPath(parent)} IS NOT NULL AND `;
    return `${inParent}${named(path)} IS NULL`;
  });
  const condition = when ? `${named(when.path)} IN (${when.values.map(quoteText).join(", ")}) AND ` : "";
  return `${condition}(${missing.join(" OR ")})`;
}
