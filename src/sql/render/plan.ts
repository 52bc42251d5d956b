/** Prints the typed plan of a model: operators from the table down to the source, columns with types and ranges. */
import { typeName } from "../build.ts";
import type { Aggregate, Column, Relation } from "../plan.ts";
import { quoteName, renderExpression } from "./spark.ts";

/** One line an operator, and one a column that it makes. */
export function renderPlan(relation: Relation): string {
  const lines = describe(relation);
  return relation.op === "source" ? lines.join("\n") : [...lines, renderPlan(relation.input)].join("\n");
}

function describe(relation: Relation): readonly string[] {
  switch (relation.op) {
    case "source":
      return [`source (${relation.columns.length} columns)`];
    case "model":
      return [`model ${relation.name}`];
    case "filter": {
      const kind = relation.having ? "having" : "where";
      return [`${kind} ${renderExpression(relation.predicate, relation.input.columns)}`];
    }
    case "project":
      return [
        "project",
        ...relation.columns.map((column, index) => {
          const expression = relation.expressions[index];
          return `  ${describeColumn(column)} = ${expression ? renderExpression(expression, relation.input.columns) : ""}`;
        }),
      ];
    case "explode":
      return [
        `explode ${relation.elements.length} elements`,
        ...relation.columns
          .slice(relation.input.columns.length)
          .map((column) => `  ${describeColumn(column)}`),
      ];
    case "aggregate": {
      const { window, keys, aggregates, columns, input } = relation;
      const made = [
        ...keys.map((key) => renderExpression(key, input.columns)),
        ...aggregates.map((each) => aggregateText(each, input)),
      ];
      return [
        `aggregate by window of ${window.sizeMs} ms, each ${window.slideMs} ms`,
        ...made.map((text, index) => `  ${describeColumn(columns[index + 2])} = ${text}`),
      ];
    }
  }
}

function aggregateText({ fn, argument, filter, lastMs, histogram }: Aggregate, input: Relation): string {
  const parts = [
    argument ? renderExpression(argument, input.columns) : "*",
    ...(histogram ? [histogram.bounds.join(" ")] : []),
  ];
  const where = filter ? ` where ${renderExpression(filter, input.columns)}` : "";
  return `${fn}(${parts.join("; ")})${where}${lastMs === null ? "" : ` in the last ${lastMs} ms`}`;
}

function describeColumn(column: Column | undefined): string {
  if (!column) return "";
  const { name, type, range, nullable, lineage } = column;
  const bounds = range ? ` [${range.low}, ${range.high}]` : "";
  const marks = [
    ...lineage.pii.map((path) => `x-pii ${path}`),
    ...lineage.protected.map((path) => `x-protected ${path}`),
  ];
  return `${quoteName(name)} ${typeName(type)}${bounds}${nullable ? "" : " not null"}${marks.length > 0 ? ` {${marks.join(", ")}}` : ""}`;
}
