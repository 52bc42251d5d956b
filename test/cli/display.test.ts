import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { type DisplayParts, startDisplay } from "../../src/cli/display.ts";
import { createLogger } from "../../src/log.ts";
import { openStoreReader } from "../../src/store/sqlite-reader.ts";
import { openStore } from "../../src/store/sqlite-store.ts";
import { smallPipeline } from "../store/small-pipeline.ts";

/** A display of a store, on a clock and a timer that the test moves. */
function shown(t: TestContext, terminal: boolean) {
  const directory = mkdtempSync(join(tmpdir(), "loanstream-display-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const store = openStore(directory, smallPipeline);
  const reader = openStoreReader(directory, smallPipeline);
  const written: string[] = [];
  const write = (text: string) => written.push(text) > 0;
  let nowMs = 0;
  let tick = (): void => {};
  const parts: DisplayParts = {
    reader,
    tables: smallPipeline.tables.length,
    timeZone: "UTC",
    end: () => 1000,
    logger: createLogger("run", {
      levels: { general: "info", components: new Map() },
      terminal: false,
      nowMs: () => nowMs,
      write,
    }),
    screen: terminal ? { columns: 80, rows: 24, write } : null,
    nowMs: () => nowMs,
    every: (intervalMs, work) => {
      tick = () => {
        nowMs += intervalMs;
        work();
      };
      return () => {
        tick = () => {};
      };
    },
  };
  const commit = (position: number) =>
    store.commit({
      position,
      tables: [],
      late: [],
      dead: [],
      ledger: { source: { read: position, accepted: position, late: 0, duplicate: 0, dead: 0 }, tables: {} },
      watermarkMs: null,
      trigger: false,
      snapshot: null,
    });
  t.after(() => store.close());
  return { display: startDisplay(parts), reader, written, commit, tick: () => tick() };
}

describe("the display", () => {
  it("off a terminal has a rate in its first line already", (t) => {
    const { display, reader, written, commit, tick } = shown(t, false);
    commit(400);
    tick();
    display.stop();
    reader.close();
    const { rate, lag, read } = JSON.parse(written.join(""));
    assert.deepEqual({ rate, lag, read }, { rate: 80, lag: 600, read: 400 });
  });

  for (const terminal of [true, false]) {
    it(`that can't read any more says so and shows nothing more${terminal ? ", on a terminal" : ""}`, async (t) => {
      const { display, reader, written, tick } = shown(t, terminal);
      reader.close();
      const before = written.length;
      tick();
      tick();
      await assert.rejects(display.failed, /not open/);
      assert.equal(written.length, before);
      display.stop();
      assert.deepEqual(written.slice(before), terminal ? ["\n\x1b[?25h"] : []);
    });
  }
});
