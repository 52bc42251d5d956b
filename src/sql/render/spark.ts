/** Renders the typed plan as Spark SQL: expressions, and relations as nested SELECTs. */
import { typeName } from "../build.ts";
import { lookup } from "../catalogue/catalogue.ts";
import type {
  Aggregate,
  AggregateRelation,
  Alias,
  Column,
  Explode,
  Expr,
  Literal,
  Relation,
} from "../plan.ts";

/** Spark SQL of an expression over columns of these names. */
export function renderExpression(expression: Expr, columns: readonly Pick<Column, "name">[]): string {
  switch (expression.kind) {
    case "column":
      return quoteName(columns[expression.index]?.name ?? expression.name);
    case "literal":
      return renderLiteral(expression);
    case "variable":
      return quoteName(expression.name);
    case "lambda":
      return `${quoteName(expression.parameter)} -> ${renderExpression(expression.body, columns)}`;
    case "call":
      return lookup(expression.fn).spark(
        expression.args.map((arg) => renderExpression(arg, columns)),
        expression,
      );
  }
}

export function quoteName(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}

/** A literal; Spark reads backslash escapes in it. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

function renderLiteral({ value, type }: Literal): string {
  if (value === null) return type.kind === "null" ? "NULL" : `CAST(NULL AS ${typeName(type)})`;
  if (typeof value === "string") return quoteText(value);
  if (typeof value === "boolean") return String(value);
  if (type.kind === "timestamp") return `timestamp_millis(${value}L)`;
  const text = type.kind === "double" ? `${value}D` : `${value}L`;
  return value < 0 ? `(${text})` : text;
}

/** What a rendering adds to every relation, or inlines. */
export interface RenderOptions {
  /** A column of the source that every relation below an aggregate hands on beside its own. */
  readonly carried?: string;
  /** Whether models are rendered in place rather than by their names. */
  readonly inline?: boolean;
}

/** The relation as a SELECT, or as the name under which it can be read. */
export function renderRelation(relation: Relation, options: RenderOptions = {}): string {
  switch (relation.op) {
    case "source":
      return "events";
    case "model":
      return options.inline ? renderRelation(relation.input, options) : quoteName(relation.name);
    case "project": {
      const { columns } = relation.input;
      const items = relation.expressions.map((expression, index) =>
        as(renderExpression(expression, columns), relation.columns[index]),
      );
      return selectFrom([...items, ...carriedItems(relation, options)], relation.input, options);
    }
    case "filter":
      return `${selectFrom(["*"], relation.input, options)}\nWHERE ${renderExpression(relation.predicate, relation.input.columns)}`;
    case "explode":
      return renderExplode(relation, options);
    case "aggregate":
      return renderAggregate(relation, options);
  }
}

/** What is carried, unless it is one of the relation's own columns. */
function carriedItems({ columns }: Relation, { carried }: RenderOptions): readonly string[] {
  return carried === undefined || columns.some(({ name }) => name === carried) ? [] : [quoteName(carried)];
}

function as(text: string, column: Pick<Column, "name"> | undefined): string {
  return `${text} AS ${quoteName(column?.name ?? "")}`;
}

function selectFrom(items: readonly string[], input: Relation, options: RenderOptions): string {
  return `SELECT ${items.join(",\n  ")}\nFROM ${asOperand(input, options)}`;
}

/** What stands after FROM. */
function asOperand(input: Relation, options: RenderOptions): string {
  const text = renderRelation(input, options);
  return text.startsWith("SELECT") ? `(${indent(text)})` : text;
}

const QUOTED_OR_LINE = /'(?:\\.|[^'\\])*'|`(?:``|[^`])*`|\n/gs;

/** Lines within a quoted string or name stay as they are. */
function indent(text: string): string {
  return `\n  ${text.replace(QUOTED_OR_LINE, (part) => (part === "\n" ? "\n  " : part))}\n`;
}

/** The name, with more of `_` before it where a column has it already. */
function untaken(name: string, columns: readonly Pick<Column, "name">[]): string {
  const taken = columns.some((column) => column.name.toLowerCase() === name);
  return taken ? untaken(`_${name}`, columns) : name;
}

function renderExplode(relation: Explode, options: RenderOptions): string {
  const { input, fields, elements, columns } = relation;
  const exploded = untaken("_exploded", input.columns);
  const structs = elements.map(
    (element) =>
      `named_struct(${element.map((value, place) => `${quoteText(fields[place] ?? "")}, ${renderExpression(value, input.columns)}`).join(", ")})`,
  );
  const own = columns.slice(input.columns.length);
  const items = [
    ...input.columns.map(({ name }) => quoteName(name)),
    ...own.map((column, place) => as(`${exploded}.${quoteName(fields[place] ?? "")}`, column)),
    ...carriedItems(relation, options),
  ];
  return `${selectFrom(items, input, options)}\nLATERAL VIEW explode(array(${structs.join(", ")})) AS ${exploded}`;
}

function renderAggregate(relation: AggregateRelation, options: RenderOptions): string {
  const { input, window, keys, aggregates, columns } = relation;
  const below = belowWindow(input.columns);
  const time = renderExpression(relation.time, below);
  const spec = `window(${time}, '${window.sizeMs} milliseconds', '${window.slideMs} milliseconds')`;
  const keyNames = keys.map((_, index) => untaken(`_key_${index + 1}`, below));
  const grouped = [spec, ...keyNames];
  const values = [
    "window.start",
    "window.end",
    ...keyNames,
    ...aggregates.map((aggregate) => renderAggregateCall(aggregate, time, below)),
  ];
  const items = values.map((value, index) => as(value, columns[index]));
  const keyed = [
    ...(below === input.columns
      ? ["*"]
      : input.columns.map(({ name }, index) => as(quoteName(name), below[index]))),
    ...keys.map((key, index) => `${renderExpression(key, input.columns)} AS ${keyNames[index]}`),
  ];
  return `SELECT ${items.join(",\n  ")}\nFROM (${indent(selectFrom(keyed, input, options))})\nGROUP BY ${grouped.join(", ")}`;
}

/** The columns without one called `window`: above, that is the window. */
function belowWindow(columns: readonly Column[]): readonly Column[] {
  const isWindow = ({ name }: Column) => name.toLowerCase() === "window";
  if (!columns.some(isWindow)) return columns;
  return columns.map((column) =>
    isWindow(column) ? { ...column, name: untaken("_window", columns) } : column,
  );
}

function renderAggregateCall(aggregate: Aggregate, time: string, columns: readonly Column[]): string {
  const argument = aggregate.argument && renderExpression(aggregate.argument, columns);
  const conditions = [
    ...(aggregate.filter ? [renderExpression(aggregate.filter, columns)] : []),
    ...(aggregate.lastMs === null
      ? []
      : [`${time} >= window.end - INTERVAL '${aggregate.lastMs / 1000}' SECOND`]),
  ];
  const filter = conditions.length > 0 ? ` FILTER (WHERE ${conditions.join(" AND ")})` : "";
  if (aggregate.fn !== "histogram") return `${aggregate.fn}(${argument ?? "*"})${filter}`;
  const bounds = aggregate.histogram?.bounds ?? [];
  const suffix = aggregate.argument?.type.kind === "double" ? "D" : "L";
  const bins = Array.from({ length: bounds.length + 1 }, (_, bin) => {
    const low = bin > 0 ? `${argument} >= ${bounds[bin - 1]}${suffix}` : null;
    const high = bin < bounds.length ? `${argument} < ${bounds[bin]}${suffix}` : null;
    return `count_if(${[low, high].filter((part) => part !== null).join(" AND ")})${filter}`;
  });
  return `array(${bins.join(", ")})`;
}

/** The models that a relation reads, itself included, each after those that it reads. */
export function modelsBelow(relation: Relation): readonly Alias[] {
  if (relation.op === "source") return [];
  const below = modelsBelow(relation.input);
  return relation.op === "model" ? [...below, relation] : below;
}

/** `WITH` each model that `relation` reads, and the rows of the last one. */
export function renderModel(model: Alias, before: readonly string[] = []): string {
  const definitions = [
    ...before,
    ...modelsBelow(model).map(({ name, input }) => `${quoteName(name)} AS (${indent(bodyOf(input))})`),
  ];
  return `WITH ${definitions.join(",\n")}\nSELECT * FROM ${quoteName(model.name)}`;
}

function bodyOf(input: Relation): string {
  const text = renderRelation(input);
  return text.startsWith("SELECT") ? text : `SELECT * FROM ${text}`;
}
