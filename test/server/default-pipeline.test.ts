/** Every table of the default pipeline, computed by the engine over generated applications, as it is served. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { pipelineFrom } from "../../src/cli/pipeline-option.ts";
import { startEngineThread } from "../../src/engine/embedded/thread/thread.ts";
import { createGenerator } from "../../src/generator/generator.ts";
import { deviceRing } from "../../src/generator/scenarios/device-ring.ts";
import { type RunningServer, startServer } from "../../src/server/server.ts";
import { openStoreReader, type StoreReader } from "../../src/store/sqlite-reader.ts";
import { live, silent } from "./served-store.ts";

const pipeline = pipelineFrom(null);
const EVENTS = 12_000;
const BATCH = 500;
const RATE = 0.5;
/** Many rings, so that a few hours have some of every size. */
const scenarios = [{ ...deviceRing, share: 0.1 }];
const SILENT = { general: "silent", components: new Map() } as const;
const BEGIN_MS = Date.parse("2026-01-05T15:00:00.000Z");

type JsonRow = Readonly<Record<string, unknown>>;

describe("the default pipeline", () => {
  const directory = mkdtempSync(join(tmpdir(), "loanstream-served-"));
  let server: RunningServer;
  let reader: StoreReader;

  before(async () => {
    const thread = await startEngineThread({ pipeline, dataDirectory: directory, logLevels: SILENT });
    const events = createGenerator({ seed: 1, startMs: BEGIN_MS, ratePerSecond: RATE, scenarios });
    for (let left = EVENTS; left > 0; left -= BATCH) {
      const batch = Array.from({ length: BATCH }, () => events.next().value);
      const ingestTimeMs = batch.at(-1)?.arrivalMs ?? BEGIN_MS;
      await thread.append({ records: batch.map(({ json }) => Buffer.from(json)), ingestTimeMs });
    }
    await thread.drain();
    reader = openStoreReader(directory, pipeline);
    server = await startServer({
      pipeline,
      reader: () => reader,
      status: () => live,
      admin: null,
      host: "127.0.0.1",
      port: 0,
      logger: silent,
      nowMs: () => BEGIN_MS + (EVENTS / RATE) * 1000,
    });
  });

  after(async () => {
    await server.close();
    reader.close();
    rmSync(directory, { recursive: true });
  });

  const rowsOf = async (path: string): Promise<readonly JsonRow[]> => {
    const response = await fetch(`${server.url}/v1/tables/${path}`);
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return JSON.parse(text).rows;
  };

  for (const { name, relation } of pipeline.tables)
    it(`finds a row of ${name} by each of its values`, async () => {
      const [row] = await rowsOf(`${name}?limit=1`);
      assert.ok(row, "no row");
      for (const { name: column, type } of relation.columns) {
        const value = row[column];
        if (value === undefined || type.kind === "array") continue;
        const found = await rowsOf(`${name}?${new URLSearchParams({ [column]: String(value) })}`);
        assert.ok(found.length > 0, column);
        assert.ok(
          found.every((each) => each[column] === value),
          column,
        );
      }
    });

  it("says what every column means", async () => {
    const { tables } = JSON.parse(await (await fetch(`${server.url}/v1/tables`)).text());
    for (const { name, description, columns, rows } of tables) {
      assert.notEqual(description, "", name);
      assert.ok(rows > 0, name);
      for (const column of columns) assert.notEqual(column.description, "", `${name}.${column.name}`);
    }
  });

  it("has a panel with rows for every table, and a chart of the windows that change", async () => {
    const html = await (await fetch(server.url)).text();
    const panels = html.split("<article").slice(1);
    assert.equal(panels.length, pipeline.tables.length);
    for (const [i, { name, emit }] of pipeline.tables.entries()) {
      const panel = panels[i] ?? "";
      assert.match(panel, new RegExp(`id="table-${name}"[^]*<tbody>\\s*<tr>`), name);
      if (emit !== "update") assert.doesNotMatch(panel, /class="chart"/, name);
    }
    const charted = panels.filter((panel) => panel.includes('class="chart"'));
    assert.ok(charted.length >= 4, `${charted.length} charts`);
    for (const chart of charted) assert.match(chart, /<title>[^<]+: [\d,]+<\/title><rect/);
  });
});
