/** The models of a folder, each typed after what it reads; `scored` is `applications` with the scorecards' columns. */
import { basename } from "node:path";
import type { Diagnostic } from "../errors.ts";
import { scorecardColumns } from "../scorecard/columns.ts";
import { loadScorecard } from "../scorecard/load.ts";
import { loadReasons, type ReasonLists } from "../scorecard/reasons.ts";
import type { Scorecard } from "../scorecard/scorecard.ts";
import { analyseModel, type RelationOf } from "../sql/analyse.ts";
import { column } from "../sql/build.ts";
import type { Alias, Relation, Source } from "../sql/plan.ts";
import { chain, originOf } from "../sql/trace.ts";
import { suggest } from "../suggest.ts";
import { ALERTS } from "./alerts.ts";
import type { PipelineFiles, TextFile } from "./files.ts";
import { PARTITION_COLUMN, POSITION_COLUMN, RAW } from "./source.ts";

/** The relation of the accepted events. */
export const EVENTS = "events";
/** The relation that scorecards read, and the one that they make of it. */
const SCORED_FROM = "applications";
export const SCORED = "scored";

export interface LoadedModels {
  readonly relations: ReadonlyMap<string, Alias>;
  readonly cards: readonly Scorecard[];
  readonly diagnostics: readonly Diagnostic[];
}

export function loadModels(files: PipelineFiles, events: Source): LoadedModels {
  const texts = new Map(files.models.map((file) => [basename(file.path, ".sql"), file]));
  const diagnostics: Diagnostic[] = [...nameComplaints(files)];
  const done = new Map<string, Alias | null>();
  const open = new Set<string>();
  const names = [EVENTS, ...texts.keys(), ...(files.scorecards.length > 0 ? [SCORED] : [])];
  const cards: Scorecard[] = [];
  const resolve: RelationOf = (name, span, reporter) => {
    if (name === EVENTS) return events;
    if (open.has(name)) {
      const circle = [...open, name].join(" → ");
      return reporter.report(
        "model.cycle",
        span,
        `the models read each other in a circle: ${circle}`,
        "Take one of the reads out",
      );
    }
    if (!names.includes(name))
      return reporter.report("sql.unknown-relation", span, `there is no model ${name}`, suggest(name, names));
    return ensure(name);
  };
  const ensure = (name: string): Alias | null => {
    if (!done.has(name)) {
      open.add(name);
      done.set(name, make(name));
      open.delete(name);
    }
    return done.get(name) ?? null;
  };
  const make = (name: string): Alias | null => {
    const file = texts.get(name);
    const made = file ? ofFile(file, resolve, diagnostics) : scored(files, resolve, cards, diagnostics);
    return made && { op: "model", name, input: made, columns: made.columns };
  };

  const relations = new Map<string, Alias>();
  for (const name of names.slice(1)) {
    const relation = ensure(name);
    if (relation) relations.set(name, relation);
  }
  return { relations, cards, diagnostics };
}

function ofFile({ path, text }: TextFile, resolve: RelationOf, diagnostics: Diagnostic[]): Relation | null {
  const { relation, diagnostics: found } = analyseModel(text, path, resolve);
  diagnostics.push(...found);
  if (relation) diagnostics.push(...borrowedPlaces(relation, path));
  return relation;
}

/** What says where a record stood must be just that, under its own name: the ledger counts by it. */
function borrowedPlaces(relation: Relation, file: string): readonly Diagnostic[] {
  const own = [...chain(relation)].slice(
    0,
    [...chain(relation)].findIndex(({ op }) => op === "model"),
  );
  return own.flatMap((at) =>
    at.columns.flatMap(({ name, place }, index) => {
      const origin = at.op === "project" && isPlaceColumn(name) ? originOf(at, index) : undefined;
      const kept = origin?.relation.op === "source" && origin.relation.columns[origin.index]?.name === name;
      if (origin === undefined || kept) return [];
      const message = `${name} is a name of loanstream's own`;
      return [
        {
          code: "pipeline.invalid" as const,
          message,
          remedy: "Rename the column with AS.",
          place: { file, ...place },
        },
      ];
    }),
  );
}

const isPlaceColumn = (name: string) => [PARTITION_COLUMN, POSITION_COLUMN].includes(name.toLowerCase());

/** `applications` and the columns of every scorecard, as one projection. */
function scored(
  files: PipelineFiles,
  resolve: RelationOf,
  cards: Scorecard[],
  diagnostics: Diagnostic[],
): Relation | null {
  const [first] = files.scorecards;
  if (!first) return null;
  const { relation, diagnostics: missing } = analyseModel(
    `SELECT * FROM ${SCORED_FROM}`,
    first.path,
    resolve,
  );
  diagnostics.push(...missing);
  if (!relation) return null;
  const reasons = readReasons(files, diagnostics);
  const { columns } = relation;
  const added = files.scorecards.flatMap(({ path, text }) => {
    const { card, diagnostics: found } = loadScorecard(text, path, columns, reasons);
    diagnostics.push(...found);
    if (!card) return [];
    cards.push(card);
    return [scorecardColumns(card, columns)];
  });
  const expressions = [
    ...columns.map((_, index) => column(columns, index)),
    ...added.flatMap((card) => card.expressions),
  ];
  return {
    op: "project",
    input: relation,
    expressions,
    columns: [...columns, ...added.flatMap((card) => card.columns)],
  };
}

function readReasons({ reasons }: PipelineFiles, diagnostics: Diagnostic[]): ReasonLists {
  const { reasons: lists, diagnostics: found } = loadReasons(
    reasons?.text ?? "{}",
    reasons?.path ?? "reasons.yaml",
  );
  diagnostics.push(...found);
  return lists;
}

/** What an analysis writes beside its tables. */
const PLACES = ["late", "dlq"];

/** Upper and lower case are one to Spark and to SQLite. */
function nameComplaints({ models, scorecards }: PipelineFiles): readonly Diagnostic[] {
  const reserved = [EVENTS, RAW, ALERTS, ...PLACES, ...(scorecards.length > 0 ? [SCORED] : [])];
  const names = models.map(({ path }) => basename(path, ".sql").toLowerCase());
  return models.flatMap(({ path }, index) => {
    const name = basename(path, ".sql");
    const lower = name.toLowerCase();
    const taken =
      reserved.includes(lower) || /^(?:_|loanstream_|sqlite_)/.test(lower)
        ? "is a name of loanstream's own"
        : names.indexOf(lower) < index
          ? "is the name of another model"
          : null;
    return taken === null
      ? []
      : [
          {
            code: "pipeline.invalid" as const,
            message: `${name} ${taken}`,
            remedy: "Rename the file.",
            place: { file: path, line: 1, column: 1 },
          },
        ];
  });
}
