/**
 * Reads `alerts.yaml`. An alert becomes one more table of the plan, a filter and a projection over the table that it
 * watches, so that an engine computes it like any other.
 */
import type { Diagnostic } from "../errors.ts";
import { analyseExpression } from "../sql/analyse.ts";
import { bigint, column, columnOf, text } from "../sql/build.ts";
import { call } from "../sql/catalogue/catalogue.ts";
import { isMonotone } from "../sql/monotone.ts";
import type { Expr, Filter, Project } from "../sql/plan.ts";
import { aggregateBelow, overAggregate } from "../sql/trace.ts";
import { suggest } from "../suggest.ts";
import { parseYaml, type YamlNode } from "../yaml.ts";
import { readMessage } from "./alert-message.ts";
import type { TextFile } from "./files.ts";
import { type Alert, type Emit, type MessagePart, SEVERITIES, type Table } from "./pipeline.ts";
import { timeColumn } from "./time-column.ts";
import { ALERTS_TOPIC } from "./topic-names.ts";

/** Where alerts are put out; no model's name. */
export const ALERTS = "alerts";

const KEYS = ["table", "when", "severity", "message"];
const NAME = /^[a-z][a-z0-9_]*$/;

export interface LoadedAlerts {
  readonly alerts: readonly Alert[];
  readonly diagnostics: readonly Diagnostic[];
}

/** @param known names of tables, those included that are wrong themselves: nothing is said of alerts over such a one */
export function loadAlerts(
  file: TextFile | null,
  tables: readonly Table[],
  known: readonly string[],
): LoadedAlerts {
  if (file === null) return { alerts: [], diagnostics: [] };
  const diagnostics: Diagnostic[] = [];
  const { entries } = parseYaml(file.text, file.path, diagnostics).map();
  const alerts = entries.flatMap(({ key, keyPlace, value }) => {
    if (!NAME.test(key))
      diagnostics.push({
        code: "alert.invalid-name",
        message: `${key} is no name for an alert`,
        remedy: "Write small letters, digits and _, a letter first.",
        place: keyPlace,
      });
    const alert = readAlert(key, value, { tables, known, diagnostics });
    return alert ? [alert] : [];
  });
  return { alerts, diagnostics };
}

interface Context {
  readonly tables: readonly Table[];
  readonly known: readonly string[];
  readonly diagnostics: Diagnostic[];
}

function readAlert(name: string, node: YamlNode, context: Context): Alert | null {
  const map = node.map(KEYS);
  const severity = map.get("severity").oneOf(SEVERITIES);
  const table = readTable(map.get("table"), context);
  const message = map.get("message");
  const when = map.get("when");
  if (!table) return null;
  const predicate = readCondition(when, table, context.diagnostics);
  const parts = readMessage(message, table.relation.columns);
  if (!predicate || !parts || !severity) return null;
  return alertOf({ name, severity, table, predicate, parts });
}

function readTable(node: YamlNode, { tables, known }: Context): Table | null {
  const name = node.string();
  if (name === null) return null;
  const table = tables.find((candidate) => candidate.name === name) ?? null;
  if (!table && !known.includes(name))
    node.complain(`there is no table ${name}`, `${suggest(name, known)}.`, "alert.unknown-table");
  if (table && keyIndexes(table).some((index) => table.relation.columns[index]?.type.kind === "double")) {
    const remedy = "Explode text or whole numbers in the model.";
    node.complain(`the key of ${name} has a DOUBLE`, remedy, "alert.unsupported-key");
    return null;
  }
  return table;
}

function readCondition(node: YamlNode, { relation }: Table, diagnostics: Diagnostic[]): Expr | null {
  const when = node.string();
  if (when === null) return null;
  const { file = "", line = 1, column: at = 1 } = node.place;
  const { expression, diagnostics: found } = analyseExpression(
    when,
    { file, line, column: at },
    relation.columns,
  );
  diagnostics.push(...found);
  if (!expression || expression.type.kind === "boolean") return expression;
  const kind = expression.type.kind.toUpperCase();
  node.complain(`this is ${kind}, not true or false`, "Write a comparison.", "alert.not-a-condition");
  return null;
}

interface Parts {
  readonly name: string;
  readonly severity: Alert["severity"];
  readonly table: Table;
  readonly predicate: Expr;
  /** With columns by their place in the watched table. */
  readonly parts: readonly MessagePart[];
}

function alertOf({ name, severity, table, predicate, parts }: Parts): Alert {
  const { relation } = table;
  const keys = keyIndexes(table);
  const time = timeColumn(table);
  const shown = parts.flatMap((part) => (typeof part === "string" ? [] : [part.column]));
  const kept = [...new Set([...keys, ...(time === null ? [] : [time]), ...shown])];
  const placeOf = (index: number) => 1 + kept.indexOf(index);
  const holds: Filter = {
    op: "filter",
    input: relation,
    columns: relation.columns,
    predicate,
    having: aggregateBelow(relation) !== null,
    place: { line: 1, column: 1 },
  };
  const expressions = [idOf(name, table, keys), ...kept.map((index) => column(relation.columns, index))];
  const columns = expressions.map((expression, place) =>
    columnOf(
      place === 0 ? idName(table) : (expression.kind === "column" && expression.name) || "",
      expression,
      relation.columns,
    ),
  );
  const input: Project = { op: "project", input: holds, expressions, columns };
  return {
    name,
    severity,
    table: table.name,
    rows: {
      name: `_alert_${name}`,
      output: ALERTS,
      topic: ALERTS_TOPIC,
      emit: emitOf(table, predicate),
      relation: { op: "model", name: `_alert_${name}`, input, columns },
      key: table.key,
    },
    time: time === null ? null : placeOf(time),
    message: parts.map((part) =>
      typeof part === "string" ? part : { ...part, column: placeOf(part.column) },
    ),
  };
}

/** With the event, as soon as it can't become false again, or when the window closes. */
function emitOf({ emit, relation }: Table, predicate: Expr): Emit {
  const aggregate = aggregateBelow(relation);
  if (emit !== "update" || !aggregate) return emit;
  const conditions = overAggregate(predicate, relation);
  return conditions.every((condition) => isMonotone(condition, aggregate)) ? "once" : "final";
}

function keyIndexes({ key, relation }: Table): readonly number[] {
  return key.map((name) => relation.columns.findIndex((candidate) => candidate.name === name));
}

const ABSENT = "-";

/**
 * SHA-256 of alert, table and key. Texts of the key are hashed first, so that no part holds the mark between parts
 * or the one of a null.
 */
function idOf(alert: string, { name, relation }: Table, keys: readonly number[]): Expr {
  const parts = keys.map((index) => {
    const value = column(relation.columns, index);
    return call("coalesce", [keyText(value), text(ABSENT)]);
  });
  const all = call("concat_ws", [text("|"), text(alert), text(name), ...parts]);
  return call("sha2", [all, bigint(256)]);
}

function keyText(value: Expr): Expr {
  if (value.type.kind === "string") return call("sha2", [value, bigint(256)]);
  return call("cast_string", [value.type.kind === "timestamp" ? call("unix_millis", [value]) : value]);
}

/** A name that no column of the table has, whatever its case. */
function idName({ relation }: Table): string {
  const taken = new Set(relation.columns.map(({ name }) => name.toLowerCase()));
  let name = "alert_id";
  while (taken.has(name)) name = `_${name}`;
  return name;
}
