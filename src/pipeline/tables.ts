/** What makes a model a table: a key, an emit mode that fits, and nothing personal in its columns. */
import type { Diagnostic, ErrorCode, Place } from "../errors.ts";
import { isMonotone } from "../sql/monotone.ts";
import type { AggregateRelation, Alias, Explode, Relation } from "../sql/plan.ts";
import { aggregateBelow, chain, filtersAboveAggregate, originOf, overAggregate } from "../sql/trace.ts";
import type { SourceSettings, Table } from "./pipeline.ts";
import type { TableSettings } from "./settings.ts";
import { POSITION_COLUMN, SEQUENCE_COLUMN } from "./source.ts";

export interface TableContext {
  readonly source: SourceSettings;
  /** The file of a model. */
  fileOf(model: string): string;
}

/** The table, and every reason why it can't be one. */
export function tableOf(
  settings: TableSettings,
  relation: Alias,
  context: TableContext,
): { readonly table: Table; readonly diagnostics: readonly Diagnostic[] } {
  const { name, output, topic, emit } = settings;
  const aggregate = aggregateBelow(relation);
  const key = keyColumns(relation, aggregate, context.source);
  const diagnostics = [
    ...emitComplaints(settings, aggregate),
    ...sequenceColumn(relation, context),
    ...missingKey(relation, aggregate, key.missing, context),
    ...exposures(relation, context),
    ...(emit === "update" && aggregate ? retractions(relation, aggregate, context) : []),
  ];
  return { table: { name, output, topic, emit, relation, key: key.names }, diagnostics };
}

function complaint(code: ErrorCode, message: string, remedy: string, place: Place): Diagnostic {
  return { code, message, remedy, place };
}

function emitComplaints(
  { name, emit, place }: TableSettings,
  aggregate: AggregateRelation | null,
): readonly Diagnostic[] {
  if (aggregate === null && emit !== "append")
    return [
      complaint(
        "pipeline.invalid",
        `${name} has a row an event, which is not ${emit === "update" ? "updated" : "closed"}`,
        "Write append.",
        place,
      ),
    ];
  if (aggregate !== null && emit === "append")
    return [
      complaint(
        "pipeline.invalid",
        `${name} has a row a window, which changes as events come`,
        "Write update, or final for a row once its window has closed.",
        place,
      ),
    ];
  return [];
}

interface Key {
  /** In the table's declared order. */
  readonly names: readonly string[];
  readonly missing: readonly string[];
}

/** The columns that identify a row: of the event or of the group, and of the exploded element. */
function keyColumns(relation: Alias, aggregate: AggregateRelation | null, source: SourceSettings): Key {
  const origins = relation.columns.map((_, index) => originOf(relation, index));
  const parts = [
    ...(aggregate ? groupParts(aggregate) : [eventPart(relation, source)]),
    ...explodesAbove(relation, aggregate).map(elementPart),
  ];
  const found = parts.map((part) =>
    origins.findIndex((origin) => origin !== null && part.matches(origin.relation, origin.index)),
  );
  const names = relation.columns.filter((_, index) => found.includes(index)).map(({ name }) => name);
  return { names, missing: parts.filter((_, place) => found[place] === -1).map(({ what }) => what) };
}

interface KeyPart {
  readonly what: string;
  matches(relation: Relation, index: number): boolean;
}

function groupParts(aggregate: AggregateRelation): readonly KeyPart[] {
  return aggregate.columns.slice(0, 2 + aggregate.keys.length).map((_, place) => ({
    what: place === 0 ? "window.start" : place === 1 ? "window.end" : `group expression ${place - 1}`,
    matches: (relation, index) => relation === aggregate && index === place,
  }));
}

function eventPart(relation: Relation, { eventId }: SourceSettings): KeyPart {
  const wanted = eventId ?? POSITION_COLUMN;
  const [source] = [...chain(relation)].filter((at) => at.op === "source");
  return {
    what: wanted,
    matches: (at, index) =>
      at === source && [wanted, POSITION_COLUMN].includes(at.columns[index]?.name ?? ""),
  };
}

/** Explodes whose rows are the table's own: all of a row table, those above the aggregate of a window table. */
function explodesAbove(relation: Relation, aggregate: AggregateRelation | null): readonly Explode[] {
  const all = [...chain(relation)];
  const above = aggregate ? all.slice(0, all.indexOf(aggregate)) : all;
  return above.filter((at) => at.op === "explode");
}

function elementPart(explode: Explode): KeyPart {
  const width = explode.input.columns.length;
  const distinct = explode.fields.map((_, place) => {
    const values = explode.elements.map((element) => element[place]);
    const literals = values.map((value) => (value?.kind === "literal" ? value.value : null));
    return !literals.includes(null) && new Set(literals).size === literals.length;
  });
  return {
    what: `a field of ${explode.alias} that is another literal in each element`,
    matches: (relation, index) => relation === explode && distinct[index - width] === true,
  };
}

function missingKey(
  relation: Alias,
  aggregate: AggregateRelation | null,
  missing: readonly string[],
  context: TableContext,
): readonly Diagnostic[] {
  const file = context.fileOf(relation.name);
  const kind = aggregate ? "a window table" : "a row table";
  return missing.map((what) =>
    complaint(
      "sql.table-key",
      `${relation.name} is ${kind} and doesn't put out ${what}`,
      "Select it, unchanged, as a column: it is part of the row's key.",
      { file, line: 1, column: 1 },
    ),
  );
}

function sequenceColumn(relation: Alias, context: TableContext): readonly Diagnostic[] {
  return relation.columns
    .filter(({ name }) => name.toLowerCase() === SEQUENCE_COLUMN)
    .map(({ name, place }) =>
      complaint("pipeline.invalid", `${name} is a name of loanstream's own`, "Rename the column with AS.", {
        file: context.fileOf(relation.name),
        ...place,
      }),
    );
}

function exposures(relation: Alias, context: TableContext): readonly Diagnostic[] {
  return relation.columns
    .filter(({ lineage }) => lineage.pii.length > 0)
    .map(({ name, lineage, place }) =>
      complaint(
        "sql.pii-exposed",
        `${name} shows ${lineage.pii.join(", ")}, which the schema marks x-pii`,
        "Put out mask(x), a token, a count or a comparison instead.",
        { file: context.fileOf(relation.name), ...place },
      ),
    );
}

function retractions(
  relation: Alias,
  aggregate: AggregateRelation,
  context: TableContext,
): readonly Diagnostic[] {
  return filtersAboveAggregate(relation)
    .filter(
      ({ filter }) =>
        !overAggregate(filter.predicate, filter.input).every((condition) => isMonotone(condition, aggregate)),
    )
    .map(({ filter, model }) =>
      complaint(
        "sql.non-monotone-having",
        "this condition could turn false again, and an update table retracts nothing",
        "Compare a count, or a sum of what is never negative, by > or >= with what is fixed in the group, or use emit: final.",
        { file: context.fileOf(model ?? relation.name), ...filter.place },
      ),
    );
}
