/** What a pipeline puts out, as a page of Markdown: every table, column by column. */
import { valueToJson } from "../output/json.ts";
import { typeName } from "../sql/build.ts";
import type { Column } from "../sql/plan.ts";
import type { Value } from "../sql/types.ts";
import type { ModelDescription } from "./describe-models.ts";
import type { Emit, Pipeline, Table } from "./pipeline.ts";

type Row = readonly Value[];

const LONGEST_EXAMPLE = 48;

const EMITS: Readonly<Record<Emit, string>> = {
  append: "A row an event (`append`)",
  update: "A window's changed rows at each trigger (`update`)",
  final: "A window's rows once, when it has closed (`final`)",
  once: "A row once, as soon as it is sure (`once`)",
};

/** @param examples a row of each table; a table without one has no examples */
export function tablesPage(pipeline: Pipeline, examples: ReadonlyMap<string, Row>): string {
  const outputs = [...new Set(pipeline.tables.map(({ output }) => output))];
  const sections = outputs.map((output) => {
    const tables = pipeline.tables.filter((table) => table.output === output);
    const parts = tables.map((table) => tableSection(table, pipeline, examples.get(table.name)));
    return `## ${output}\n\n${parts.join("\n")}`;
  });
  return sections.join("\n");
}

function tableSection(table: Table, { descriptions }: Pipeline, example: Row | undefined): string {
  const { name, topic, emit, key, relation } = table;
  const described = descriptions.get(name);
  const keys = key.length === 0 ? "the record's position" : key.map((column) => `\`${column}\``).join(", ");
  return `### ${name}

${
  described === undefined
    ? ""
    : `${described.description.trim()}

`
}${EMITS[emit]}, to the topic \`${topic}\`. Key: ${keys}.

| column | type | unit | meaning | example |
| --- | --- | --- | --- | --- |
${relation.columns.map((column, i) => columnLine(column, described, example?.[i] ?? null)).join("\n")}
`;
}

function columnLine(
  { name, type, nullable }: Column,
  described: ModelDescription | undefined,
  example: Value,
): string {
  const { description = "", unit = null } = described?.columns.get(name) ?? {};
  const cells = [
    `\`${name}\``,
    `${typeName(type)}${nullable ? "" : " not null"}`,
    unit ?? "",
    oneLine(description),
    example === null ? "" : code(shortened(valueToJson(type, example))),
  ];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

const oneLine = (text: string) => text.trim().replaceAll(/\s+/g, " ");
const code = (text: string) => (text.includes("`") ? `\`\` ${text} \`\`` : `\`${text}\``);
const shortened = (text: string) =>
  text.length <= LONGEST_EXAMPLE ? text : `${text.slice(0, LONGEST_EXAMPLE - 1)}…`;
