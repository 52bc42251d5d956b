import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { PAGE, tablesText } from "../../docs/scripts/tables.ts";
import { tablesPage } from "../../src/pipeline/describe-tables.ts";
import { compilePipeline } from "../../src/pipeline/load.ts";
import { folderOf } from "./folder.ts";

test("docs/tables.md says what the default pipeline puts out (else run: make docs)", async () => {
  assert.equal(readFileSync(PAGE, "utf8"), await tablesText());
});

test("a table is described column by column, with type, unit, meaning and example", () => {
  const description =
    "description: A row.\ncolumns:\n  id: { description: Id. }\n  amount: { description: a | b, unit: cents }\n  tags: { description: Tags. }\n";
  const files = folderOf({
    models: { table: "SELECT id, amount, array(kind, null) AS tags FROM rows" },
    tables: { table: "append" },
  });
  const { pipeline } = compilePipeline({
    ...files,
    descriptions: [{ path: "models/table.yaml", text: description }],
  });
  assert.ok(pipeline);
  assert.equal(
    tablesPage(pipeline, new Map([["table", ["x", null, ["a", null]]]])),
    `## all

### table

A row.

A row an event (\`append\`), to the topic \`all\`. Key: \`id\`.

| column | type | unit | meaning | example |
| --- | --- | --- | --- | --- |
| \`id\` | STRING not null |  | Id. | \`"x"\` |
| \`amount\` | BIGINT | cents | a \\| b |  |
| \`tags\` | ARRAY<STRING> not null |  | Tags. | \`["a",null]\` |
`,
  );
});
