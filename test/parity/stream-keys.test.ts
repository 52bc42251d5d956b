/** Keys of messages have the same bytes on both engines, whatever characters a text holds. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Branch } from "../../src/engine/spark/stream/branches.ts";
import { rowMessage, selectMessages } from "../../src/engine/spark/stream/messages.ts";
import { messageKeyWriter } from "../../src/output/key.ts";
import { loadPipeline } from "../../src/pipeline/load.ts";
import { sharedSpark } from "../spark/server.ts";

const { tables } = loadPipeline(fileURLToPath(new URL("../../pipeline", import.meta.url)));
const windows = tables.find(({ name }) => name === "risk_windows");

const ASCII = Array.from({ length: 0x80 }, (_, code) => String.fromCharCode(code));
const TEXTS = [
  ...ASCII,
  ...ASCII.map((character) => `\\${character}\\\\${character}`),
  ...["\\u000B", "\\\\u001F", "\u001f\\u001f\u000b", "\u2028", "\u00e9", "\u{1f600}", "\uffff", "</a>"],
];

test("texts of every ASCII character, escapes and others give equal keys", async (t) => {
  const spark = await sharedSpark(t);
  if (!spark) return;
  assert.ok(windows);
  const { columns } = windows.relation;
  const product = columns.findIndex(({ name }) => name === "product");
  const branch: Branch = { column: (index) => (index === product ? "text" : "NULL"), holds: () => "true" };
  const literals = TEXTS.map((text) => `decode(unhex('${Buffer.from(text).toString("hex")}'), 'UTF-8')`);
  const from = `(SELECT explode(array(${literals.join(", ")})) AS text)`;
  const { rows } = await spark.sql(
    `SELECT key FROM (${selectMessages([rowMessage(windows, branch)], from)})`,
  );
  const write = messageKeyWriter(windows);
  const expected = TEXTS.map((text) => write(columns.map((_, index) => (index === product ? text : null))));
  assert.deepEqual(
    rows.map(([key]) => key),
    expected,
  );
});
