/** The message of an alert in Spark SQL, as `src/output/alert.ts` writes it: roundings of the last digit may differ. */
import type { Alert, ValueFormat } from "../../../pipeline/pipeline.ts";
import { quoteText } from "../../../sql/render/spark.ts";
import type { SqlType } from "../../../sql/types.ts";
import type { Branch } from "./branches.ts";

const MOST_ELEMENTS = 10;

export function messageText({ message, rows }: Alert, branch: Branch, currency: string): string {
  const parts = message.map((part) => {
    if (typeof part === "string") return quoteText(part);
    const { type } = rows.relation.columns[part.column]!;
    return valueText(branch.column(part.column), type, part.format, currency);
  });
  return `concat(${["''", ...parts].join(", ")})`;
}

function valueText(sql: string, type: SqlType, format: ValueFormat | null, currency: string): string {
  return `coalesce(${presentText(sql, type, format, currency)}, 'unknown')`;
}

function presentText(sql: string, type: SqlType, format: ValueFormat | null, currency: string): string {
  switch (type.kind) {
    case "array":
      return listText(sql, type.element, currency);
    case "timestamp":
      return `replace(date_format(${sql}, "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'"), '.000Z', 'Z')`;
    case "bigint":
      return format === "money" ? moneyText(sql, currency) : `format_number(${sql}, 0)`;
    case "double":
      if (format === "money") return moneyText(sql, currency);
      return format === "percent"
        ? `concat(${withoutZeros(`format_number(${sql} * 100D, 1)`)}, '%')`
        : `CASE WHEN abs(${sql}) < 1D THEN ${withoutZeros(`format_string('%.3g', ${sql})`)} ELSE ${withoutZeros(`format_number(${sql}, 2)`)} END`;
    default:
      return `CAST(${sql} AS STRING)`;
  }
}

function listText(sql: string, element: SqlType, currency: string): string {
  const shown = `transform(slice(${sql}, 1, ${MOST_ELEMENTS}), _x -> ${valueText("_x", element, null, currency)})`;
  const more = `CASE WHEN size(${sql}) > ${MOST_ELEMENTS} THEN concat(' and ', CAST(size(${sql}) - ${MOST_ELEMENTS} AS STRING), ' more') ELSE '' END`;
  return `CASE WHEN ${sql} IS NOT NULL THEN concat(array_join(${shown}, ', '), ${more}) END`;
}

function moneyText(sql: string, currency: string): string {
  const format = new Intl.NumberFormat("en-US", { style: "currency", currency });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 0;
  const sign = format
    .formatToParts(0)
    .filter(({ type }) => type === "currency" || type === "literal")
    .map(({ value }) => value)
    .join("");
  const amount = `format_number(abs(${sql}) / ${10 ** digits}D, ${digits})`;
  return `concat(CASE WHEN ${sql} < 0 THEN '-' ELSE '' END, ${quoteText(sign)}, ${amount})`;
}

/** Of a fraction, zeros at its end. */
const withoutZeros = (sql: string): string =>
  `regexp_replace(${sql}, ${quoteText("\\.0+$|(\\.\\d*?[1-9])0+$")}, '$1')`;
