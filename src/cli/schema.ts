/** `loanstream schema`: what goes over the topics, for those who read or write them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { usageError } from "../config/flags.ts";
import { settingLines } from "../config/help.ts";
import { readSettings } from "../config/settings.ts";
import { fail } from "../errors.ts";
import { ALERTS } from "../pipeline/alerts.ts";
import { alertSchema, rowSchema } from "../pipeline/json-schemas/rows.ts";
import { DIALECT, type JsonSchema } from "../pipeline/json-schemas/schema.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { suggest } from "../suggest.ts";
import { asyncApi } from "../topics/async-api.ts";
import type { Command } from "./command.ts";
import { pipelineFrom } from "./pipeline-option.ts";
import { version } from "./version.ts";

export const schema: Command = {
  name: "schema",
  summary: "Print JSON Schema of the tables' rows, or AsyncAPI of all topics",
  usage: `
Usage: loanstream schema [--table NAME | --asyncapi] [SETTING…]

Without a flag the rows of every table and the alerts, by name under $defs, as JSON Schema 2020-12.

  --table NAME  of one table, or of alerts
  --asyncapi    the pipeline as an AsyncAPI 3 document in YAML: topics, messages, keys, headers, the event itself

${settingLines("schema")}
`,
  async run(args) {
    const { settings, flags } = readSettings("schema", args, {
      options: { table: { type: "string" }, asyncapi: { type: "boolean", default: false } },
    });
    if (flags.asyncapi && flags.table !== undefined)
      throw usageError("schema", "--table and --asyncapi exclude each other");
    const pipeline = pipelineFrom(settings.pipeline);
    process.stdout.write(flags.asyncapi ? asyncApiText(pipeline) : schemaText(pipeline, flags.table));
    return 0;
  },
};

/** By table, the alerts last. */
function schemasOf(pipeline: Pipeline): ReadonlyMap<string, JsonSchema> {
  const rows = pipeline.tables.map((table) => [table.name, rowSchema(table, pipeline)] as const);
  return new Map([...rows, [ALERTS, alertSchema(pipeline)]]);
}

function schemaText(pipeline: Pipeline, name: string | undefined): string {
  const schemas = schemasOf(pipeline);
  const chosen = name === undefined ? { $defs: Object.fromEntries(schemas) } : schemas.get(name);
  if (chosen === undefined)
    throw fail("usage.invalid", `there is no table ${name}`, `${suggest(name ?? "", [...schemas.keys()])}.`);
  return `${JSON.stringify({ $schema: DIALECT, ...chosen }, null, 2)}\n`;
}

function asyncApiText(pipeline: Pipeline): string {
  const event: JsonSchema = parse(readFileSync(join(pipeline.directory, "schema.yaml"), "utf8"));
  return stringify(asyncApi({ pipeline, event, version: version() }), { aliasDuplicateObjects: false });
}
