import assert from "node:assert/strict";
import { test } from "node:test";
import { compilePipeline } from "../../src/pipeline/load.ts";
import { folderOf } from "./folder.ts";

const TABLE = "SELECT id, amount FROM rows";

function described(model: string, text: string) {
  const files = folderOf({ models: { table: TABLE }, tables: { table: "append" } });
  return compilePipeline({ ...files, descriptions: [{ path: `models/${model}.yaml`, text }] });
}

function complaints(model: string, text: string): readonly string[] {
  return described(model, text).diagnostics.map(
    ({ code, message, place }) => `${place.file}:${place.line}: ${message} [${code}]`,
  );
}

test("a description stands beside its model, column by column", () => {
  const text =
    "description: A row.\ncolumns:\n  id: { description: Id. }\n  amount: { description: Much., unit: cents }\n";
  const description = described("table", text).pipeline?.descriptions.get("table");
  assert.equal(description?.description, "A row.");
  assert.deepEqual(description?.columns.get("id"), { description: "Id.", unit: null });
  assert.deepEqual(description?.columns.get("amount"), { description: "Much.", unit: "cents" });
});

test("a column that the model hasn't is refused", () => {
  const text =
    "description: A row.\ncolumns:\n  id: { description: Id. }\n  amuont: { description: Much. }\n  amount: { description: Much. }\n";
  assert.deepEqual(complaints("table", text), [
    "models/table.yaml:4: table has no column amuont [description.unknown-column]",
  ]);
});

test("of a table every column is described, or none; of an intermediate model any", () => {
  const text = "description: A row.\ncolumns:\n  id: { description: Id. }\n";
  assert.deepEqual(complaints("table", text), [
    "models/table.yaml:3: amount of the table table is not described [description.missing-column]",
  ]);
  assert.deepEqual(complaints("table", "description: A row.\n"), []);
  assert.deepEqual(complaints("rows", text), []);
});

test("a description of no model is refused", () => {
  assert.deepEqual(complaints("tabel", "description: A row.\n"), [
    "models/tabel.yaml:1: there is no model tabel to describe [model.unknown]",
  ]);
});
