import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { LoanstreamError } from "../../src/errors.ts";
import { readPipelineFiles } from "../../src/pipeline/files.ts";

const scratch = mkdtempSync(join(tmpdir(), "loanstream-files-"));
after(() => rmSync(scratch, { recursive: true }));

function folder(): string {
  const directory = mkdtempSync(join(scratch, "pipeline-"));
  mkdirSync(join(directory, "models"));
  for (const name of ["pipeline.yaml", "schema.yaml"]) writeFileSync(join(directory, name), "");
  return directory;
}

test("a byte order mark is no part of a file's text", () => {
  const directory = folder();
  writeFileSync(join(directory, "models", "a.sql"), "\uFEFFSELECT id FROM events");
  assert.equal(readPipelineFiles(directory).models[0]?.text, "SELECT id FROM events");
});

test("what can't be read is named", () => {
  const directory = folder();
  mkdirSync(join(directory, "models", "a.sql"));
  assert.throws(
    () => readPipelineFiles(directory),
    (error: unknown) =>
      error instanceof LoanstreamError &&
      error.diagnostics[0].code === "file.unreadable" &&
      error.diagnostics[0].place.file === join(directory, "models", "a.sql"),
  );
});
