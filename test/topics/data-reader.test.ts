import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { openStore, STORE_FILE } from "../../src/store/sqlite-store.ts";
import { dataReader } from "../../src/topics/data-reader.ts";
import { smallPipeline } from "../store/small-pipeline.ts";

test("a store that is only being made is none yet", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "loanstream-data-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const data = dataReader(directory, smallPipeline);
  assert.equal(data.store(), null);
  const made = new DatabaseSync(join(directory, STORE_FILE));
  made.exec("PRAGMA journal_mode = WAL");
  assert.equal(data.store(), null);
  made.close();
  const store = openStore(directory, smallPipeline);
  assert.equal(data.store()?.progress().seq, 0);
  await data.close();
  store.close();
});
