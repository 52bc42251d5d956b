/** From a pipeline folder to a checked `Pipeline`, or everything that is wrong with it. */
import { basename } from "node:path";
import { isAlwaysPresent } from "../contract/guarantees.ts";
import { loadEventSchema } from "../contract/load.ts";
import type { EventSchema, Leaf } from "../contract/schema.ts";
import { type Diagnostic, fail, throwIfAny } from "../errors.ts";
import { loadAlerts } from "./alerts.ts";
import { loadDescriptions } from "./describe-models.ts";
import { type PipelineFiles, readPipelineFiles } from "./files.ts";
import { loadModels } from "./models.ts";
import type { Pipeline } from "./pipeline.ts";
import { type PipelineSettings, readSettings } from "./settings.ts";
import { sourceOf } from "./source.ts";
import { tableOf } from "./tables.ts";

/** Throws a `LoanstreamError` with every complaint. */
export function loadPipeline(directory: string): Pipeline {
  const { pipeline, diagnostics } = compilePipeline(readPipelineFiles(directory));
  throwIfAny(diagnostics);
  if (!pipeline) throw fail("internal.unexpected", "the pipeline is neither right nor wrong", "Report this.");
  return pipeline;
}

/** Pure. The pipeline is null if anything is wrong. */
export function compilePipeline(files: PipelineFiles): {
  readonly pipeline: Pipeline | null;
  readonly diagnostics: readonly Diagnostic[];
} {
  const { settings, diagnostics: ofSettings } = readSettings(files.settings.text, files.settings.path);
  const { schema, diagnostics: ofSchema } = loadEventSchema(files.schema.text, files.schema.path);
  const diagnostics = [...ofSettings, ...ofSchema];
  if (!schema) return { pipeline: null, diagnostics };
  diagnostics.push(...sourceComplaints(settings, schema));
  const events = sourceOf(schema, settings.source.eventTime);
  const models = loadModels(files, events);
  diagnostics.push(...models.diagnostics);
  const tables = tablesOf(settings, models.relations, files);
  const alerts = loadAlerts(files.alerts, tables.tables, tables.known);
  const described = loadDescriptions(files.descriptions, models.relations, {
    tables: new Set(settings.tables.map(({ name }) => name)),
    written: new Set(files.models.map(({ path }) => basename(path, ".sql"))),
  });
  diagnostics.push(...tables.diagnostics, ...alerts.diagnostics, ...described.diagnostics);
  if (diagnostics.length > 0) return { pipeline: null, diagnostics };
  return {
    pipeline: pipelineOf(files, settings, {
      schema,
      events,
      models: models.relations,
      tables: tables.tables,
      alerts: alerts.alerts,
      scorecards: models.cards,
      descriptions: described.descriptions,
    }),
    diagnostics,
  };
}

function pipelineOf(
  { directory }: PipelineFiles,
  { source, delayMs, triggerMs, log, topics, currency, timeZone }: PipelineSettings,
  checked: Pick<
    Pipeline,
    "schema" | "events" | "models" | "tables" | "alerts" | "scorecards" | "descriptions"
  >,
): Pipeline {
  return { directory, source, delayMs, triggerMs, log, topics, currency, timeZone, ...checked };
}

/** Time, id and key of an event must be there in every event, and have their types. */
function sourceComplaints(
  { source, sourcePlace }: PipelineSettings,
  schema: EventSchema,
): readonly Diagnostic[] {
  const isText = (leaf: Leaf) => leaf.type.kind === "string";
  const isTime = (leaf: Leaf) => leaf.type.kind === "timestamp";
  const isOpenText = (leaf: Leaf) => isText(leaf) && leaf.pii === null;
  const wanted = [
    { path: source.eventTime, fits: isTime, key: "event_time", what: "a required date-time" },
    { path: source.eventId, fits: isText, key: "event_id", what: "required text" },
    { path: source.key, fits: isOpenText, key: "key", what: "required text that isn't personal" },
  ];
  return wanted
    .filter(({ path, fits }) => {
      const leaf = schema.leaves.find((candidate) => candidate.path === path);
      return path !== null && !(leaf && fits(leaf) && isAlwaysPresent(schema, path));
    })
    .map(({ path, key, what }) => ({
      code: "pipeline.invalid" as const,
      message: `source.${key} names ${path}, which is not ${what} of the schema`,
      remedy: "Name a field that every event has, or leave the setting out.",
      place: sourcePlace,
    }));
}

function tablesOf(settings: PipelineSettings, models: Pipeline["models"], files: PipelineFiles) {
  const fileOf = (model: string) =>
    files.models.find(({ path }) => basename(path, ".sql") === model)?.path ?? files.settings.path;
  const diagnostics: Diagnostic[] = [];
  const tables = settings.tables.flatMap((table) => {
    const relation = models.get(table.name);
    const written = files.models.some(({ path }) => basename(path, ".sql") === table.name);
    if (!relation) {
      if (!written)
        diagnostics.push({
          code: "model.unknown",
          message: `there is no model ${table.name}`,
          remedy: `Add models/…/${table.name}.sql, or correct the name.`,
          place: table.place,
        });
      return [];
    }
    const found = tableOf(table, relation, { source: settings.source, fileOf });
    diagnostics.push(...found.diagnostics);
    return [found.table];
  });
  return { tables, known: settings.tables.map(({ name }) => name), diagnostics };
}
