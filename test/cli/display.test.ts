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
  let history: { done: number; of: number } | null = null;
  const parts: DisplayParts = {
    reader,
    tables: smallPipeline.tables.length,
    timeZone: "UTC",
    url: "http://127.0.0.1:8080",
    status: () => ({
      state: history === null ? "live" : "history",
      history,
      ratePerSecond: 80.04,
      lag: 600,
      slowestTriggerMs: null,
      startedAtMs: 0,
      failure: null,
    }),
    logger: createLogger("run", {
      levels: { general: "info", components: new Map() },
      terminal: false,
      nowMs: () => nowMs,
      write,
    }),
    messages: () => ["00:00:01 warn run: slow", "00:00:02 info log: \x1b[2J"],
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
      positions: [position],
      steps: [],
      tables: [],
      late: [],
      dead: [],
      ledger: { source: { read: position, accepted: position, late: 0, duplicate: 0, dead: 0 }, tables: {} },
      watermarkMs: -60_000,
      trigger: null,
    });
  t.after(() => store.close());
  const past = (done: number, of: number) => {
    history = done < of ? { done, of } : null;
  };
  return { display: startDisplay(parts), reader, written, commit, past, tick: () => tick() };
}

describe("the display", () => {
  it("off a terminal reports state, rate, lag, watermark and counts after five seconds, then each minute", (t) => {
    const { display, reader, written, commit, tick } = shown(t, false);
    commit(400);
    for (let second = 0; second < 70; second += 1) tick();
    display.stop();
    reader.close();
    const lines = written.map((line) => JSON.parse(line));
    assert.deepEqual(
      lines.map(({ time }) => time),
      ["1970-01-01T00:00:05.000Z", "1970-01-01T00:01:05.000Z"],
    );
    const { state, rate, lag, watermark, watermarkAgeS, alerts, read, late } = lines[0];
    assert.deepEqual(
      { state, rate, lag, alerts, read, late },
      { state: "live", rate: 80, lag: 600, alerts: 0, read: 400, late: 0 },
    );
    assert.deepEqual(
      { watermark, watermarkAgeS },
      { watermark: "1969-12-31T23:59:00.000Z", watermarkAgeS: 65 },
    );
  });

  it("off a terminal reports a change of state at once", (t) => {
    const { display, reader, written, past, tick } = shown(t, false);
    tick();
    past(1, 2);
    tick();
    past(2, 2);
    for (let second = 0; second < 3; second += 1) tick();
    display.stop();
    reader.close();
    assert.deepEqual(
      written.map((line) => JSON.parse(line)).map(({ time, message }) => [time, message]),
      [
        ["1970-01-01T00:00:02.000Z", "history"],
        ["1970-01-01T00:00:03.000Z", "progress"],
      ],
    );
  });

  it("on a terminal shows the newest messages above the hint, and nothing in them drives it", (t) => {
    const { display, reader, written } = shown(t, true);
    assert.ok(
      written
        .at(-1)
        ?.includes(
          "\n00:00:01 warn run: slow\x1b[K\n00:00:02 info log: ·[2J\x1b[K\nCtrl-C drains and ends.\x1b[K",
        ),
    );
    display.stop();
    reader.close();
  });

  it("off a terminal reports the history each second, with the time that it still needs", (t) => {
    const { display, reader, written, past, tick } = shown(t, false);
    for (const done of [0, 100, 200]) {
      past(done, 500);
      tick();
    }
    display.stop();
    reader.close();
    const lines = written.map((line) => JSON.parse(line));
    assert.deepEqual(
      lines.map(({ message, done, of, remainingS }) => ({ message, done, of, remainingS })),
      [
        { message: "history", done: 0, of: 500, remainingS: null },
        { message: "history", done: 100, of: 500, remainingS: 4 },
        { message: "history", done: 200, of: 500, remainingS: 3 },
      ],
    );
  });

  it("on a terminal shows the history as a bar, and the tables once it is in", (t) => {
    const { display, reader, written, past, tick } = shown(t, true);
    past(123_400, 246_800);
    tick();
    assert.match(written.at(-1) ?? "", /█{20}░{20} 50%.*\n123,400 of about 246,800 events/);
    display.stop();
    reader.close();
  });

  for (const terminal of [true, false]) {
    it(`that can't read any more says so and shows nothing more${terminal ? ", on a terminal" : ""}`, async (t) => {
      const { display, reader, written, tick } = shown(t, terminal);
      reader.close();
      const before = written.length;
      for (let second = 0; second < 12; second += 1) tick();
      await assert.rejects(display.failed, /not open/);
      assert.equal(written.length, before);
      display.stop();
      assert.deepEqual(written.slice(before), terminal ? ["\n\x1b[?25h"] : []);
    });
  }
});
