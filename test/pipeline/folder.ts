/** A small pipeline folder as texts, with the parts that a test replaces. */
import type { PipelineFiles, TextFile } from "../../src/pipeline/files.ts";
import { compilePipeline } from "../../src/pipeline/load.ts";

const SCHEMA = `
type: object
required: [id, time, kind, person]
properties:
  id: { type: string, maxLength: 40 }
  time: { type: string, format: date-time }
  other_time: { type: string, format: date-time }
  kind: { type: string, enum: [a, b] }
  amount: { type: integer, minimum: 0, maximum: 1000000 }
  change: { type: integer, minimum: -1000, maximum: 1000 }
  unbounded: { type: integer }
  rate: { type: number, minimum: 0, maximum: 1 }
  size: { type: number }
  flag: { type: boolean }
  tags: { type: array, items: { type: string, enum: [x, y] } }
  person:
    type: object
    required: [email]
    properties:
      email: { type: string, maxLength: 100, x-pii: mask }
      born: { type: string, format: date, x-pii: mask, x-protected: true }
      since: { type: string, format: date-time, x-pii: mask }
      token: { type: string, maxLength: 64 }
`;

const ROWS =
  "SELECT id, time, kind, amount, change, unbounded, rate, size, flag, other_time, person.email, person.token FROM events";

export interface Folder {
  readonly models?: Readonly<Record<string, string>>;
  /** Table name to emit mode. */
  readonly tables?: Readonly<Record<string, string>>;
  readonly settings?: string;
  readonly alerts?: string;
}

/** Compiles a folder whose model `rows` selects the fields of the small schema. */
export function compileFolder(folder: Folder) {
  return compilePipeline(folderOf(folder));
}

export function folderOf({ models = {}, tables = {}, settings, alerts }: Folder): PipelineFiles {
  const listed = Object.entries(tables).map(([name, emit]) => `      ${name}: ${emit}`);
  const outputs = listed.length > 0 ? `\n  all:\n    tables:\n${listed.join("\n")}` : " {}";
  const file = (path: string, text: string): TextFile => ({ path, text });
  return {
    directory: "small",
    settings: file(
      "pipeline.yaml",
      settings ?? `source: { event_time: time, event_id: id }\noutputs:${outputs}\n`,
    ),
    schema: file("schema.yaml", SCHEMA),
    models: Object.entries({ rows: ROWS, ...models }).map(([name, text]) => file(`models/${name}.sql`, text)),
    scorecards: [],
    reasons: null,
    alerts: alerts === undefined ? null : file("alerts.yaml", alerts),
    descriptions: [],
    tests: [],
    examples: null,
  };
}

/** What is wrong, as `code line:column`. */
export function complaintsOf(folder: Folder): readonly string[] {
  return compileFolder(folder).diagnostics.map(({ code, place }) => `${code} ${place.line}:${place.column}`);
}

/** What is wrong with one model over `rows`. */
export function complaintsOfModel(text: string): readonly string[] {
  return complaintsOf({ models: { model: text } });
}
