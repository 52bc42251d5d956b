/** Measures a score against labels: the pipeline scores each record, and the record itself says how it turned out. */
import type { RecordBatch } from "../engine/batch.ts";
import type { Engine } from "../engine/engine.ts";
import { fail, type LoanstreamError } from "../errors.ts";
import type { Pipeline, Table } from "../pipeline/pipeline.ts";
import type { Direction } from "../scorecard/scorecard.ts";
import { type Discrimination, discrimination, type Labelled } from "./discrimination.ts";
import { collectLabels, type Labels } from "./labels.ts";

export interface ScoreColumn {
  readonly table: string;
  readonly column: string;
  readonly direction: Direction;
}

export interface LabelSettings {
  /** Dotted path of a field of the record. It needs to be in no model, and not even in the schema. */
  readonly path: string;
  /** The value of the class that is looked for; every other value is the other class. */
  readonly positive: string;
}

export interface Evaluation extends Discrimination {
  /** Scored rows whose record has no label; they are left out. */
  readonly unlabelled: number;
  /** Rows without a score; they are left out. */
  readonly unscored: number;
  readonly dead: number;
}

/** Every record's place in the log, as a column of the table that is evaluated. */
const POSITION = "_position";

/**
 * `auc` is the chance that of a positive and a negative record the positive one has the riskier score, 0.5 for a
 * score that says nothing. Throws `evaluate.one-class` where there is nothing to tell apart.
 */
export async function evaluate(
  engine: Engine,
  pipeline: Pipeline,
  input: AsyncIterable<RecordBatch>,
  score: ScoreColumn,
  label: LabelSettings,
): Promise<Evaluation> {
  const labels: Labels = new Map();
  const { tables, ledger } = await engine.analyze(pipeline, collectLabels(input, label.path, labels));
  const rows = tables.find(({ table }) => table === score.table)?.rows ?? [];
  const [positionAt, scoreAt] = placesOf(pipeline, score);
  const scored = rows.flatMap((row) => {
    const value = row[scoreAt];
    return typeof value === "number" ? [{ value, label: labels.get(Number(row[positionAt])) }] : [];
  });
  const sign = score.direction === "higher_is_riskier" ? 1 : -1;
  const labelled = scored.flatMap(({ value, label: found }): Labelled[] =>
    found === undefined ? [] : [{ score: sign * value, positive: found === label.positive }],
  );
  const measured = discrimination(labelled);
  refuseOneClass(measured, label);
  return {
    ...measured,
    unlabelled: scored.length - labelled.length,
    unscored: rows.length - scored.length,
    dead: ledger.source.dead,
  };
}

function placesOf(pipeline: Pipeline, { table, column }: ScoreColumn): [number, number] {
  const columns = pipeline.tables.find(({ name }) => name === table)?.relation.columns ?? [];
  const placeOf = (wanted: string) => columns.findIndex(({ name }) => name === wanted);
  return [placeOf(POSITION), placeOf(column)];
}

function refuseOneClass({ positives, negatives }: Discrimination, { path, positive }: LabelSettings): void {
  if (positives > 0 && negatives > 0) return;
  throw fail(
    "evaluate.one-class",
    `of the scored records ${positives} have "${positive}" as ${path} and ${negatives} another value`,
    "Name a field of the records by --label, and by --positive a value that some of them have.",
  );
}

/**
 * The score that is meant: the one asked for, or the only `…_score` of a table of rows that carries `_position`.
 * Throws `evaluate.no-score`.
 */
export function findScore(
  pipeline: Pipeline,
  asked: { readonly table?: string | undefined; readonly score?: string | undefined },
): ScoreColumn {
  const directions = new Map(pipeline.scorecards.map(({ name, direction }) => [`${name}_score`, direction]));
  const candidates = pipeline.tables
    .filter((table) => carriesPosition(table) && (asked.table ?? table.name) === table.name)
    .flatMap((table) => scoresOf(table, directions))
    .filter(({ column }) => (asked.score ?? column) === column);
  const [found, another] = candidates;
  if (found && !another) return found;
  if (!found) throw noScore(pipeline, asked.table);
  const seen = candidates.map(({ table, column }) => `${table}.${column}`).join(", ");
  throw fail(
    "evaluate.no-score",
    `more than one score can be meant: ${seen}`,
    "Name one by --table and --score.",
  );
}

function noScore({ tables }: Pipeline, asked: string | undefined): LoanstreamError {
  const table = tables.find(({ name }) => name === asked);
  const remedy = `Put a scorecard's score and ${POSITION} into a table of rows, and name them by --table and --score.`;
  if (asked !== undefined && !table) return fail("evaluate.no-score", `there is no table ${asked}`, remedy);
  if (table && !carriesPosition(table))
    return fail(
      "evaluate.no-score",
      `${table.name} doesn't put out ${POSITION}, by which labels are joined`,
      remedy,
    );
  return fail("evaluate.no-score", "no table of rows has such a scorecard's score", remedy);
}

const carriesPosition = ({ emit, relation }: Table) =>
  emit === "append" && relation.columns.some(({ name }) => name === POSITION);

function scoresOf(table: Table, directions: ReadonlyMap<string, Direction>): ScoreColumn[] {
  return table.relation.columns.flatMap(({ name }) => {
    const direction = directions.get(name);
    return direction ? [{ table: table.name, column: name, direction }] : [];
  });
}
