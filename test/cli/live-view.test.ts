import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createRate, historyView, liveView, rowsThatFit } from "../../src/cli/live-view.ts";
import { tableText } from "../../src/cli/table-text.ts";
import { dateAndTime, timeOfDay } from "../../src/output/time-text.ts";
import { arrayOf, BIGINT, DOUBLE, STRING, TIMESTAMP } from "../../src/sql/types.ts";
import { scores, windows } from "../store/small-pipeline.ts";

const ledger = {
  source: { read: 1234, accepted: 1230, late: 1, duplicate: 2, dead: 1 },
  tables: { scores: { used: 1230, filtered: 0 } },
};

describe("the live view", () => {
  const view = {
    progress: {
      storeId: "s",
      log: null,
      begun: null,
      following: false,
      positions: [1234],
      seq: 5,
      ledger,
      watermarkMs: Date.UTC(2026, 0, 1, 12),
      ownerEpoch: 1,
    },
    tables: [
      { table: scores, rows: [["e1", 100, 0.25, true, ["R1", "R2"], Date.UTC(2026, 0, 1, 12, 1)]] },
      { table: windows, rows: [] },
    ],
    alerts: {
      count: 1042,
      newest: [
        {
          alertId: "a1",
          alert: "burst",
          severity: "warning",
          table: "windows",
          key: "{}",
          eventTimeMs: Date.UTC(2026, 0, 1, 12, 2),
          message: "web: 40 \x1b[2J",
        },
      ],
    },
  };

  const status = { state: "live", ratePerSecond: 3.04, lag: 7 } as const;
  const seen = { url: "http://127.0.0.1:8080", timeZone: "UTC", nowMs: Date.UTC(2026, 0, 1, 12, 1, 2) };

  it("shows where the page is, state, rate, lag, watermark, ledger, the newest alerts and the newest rows of each table", () => {
    const lines = liveView(view, status, seen, { width: 100, height: 40 });
    assert.deepEqual(lines, [
      "http://127.0.0.1:8080  live  3.0 events/s  lag 7",
      "watermark 12:00:00, 62 s ago  times in UTC",
      "1,234 read = 1,230 accepted + 1 late + 2 duplicate + 1 dead",
      "",
      "alerts: 1,042",
      "12:02:00  warning   burst  web: 40 ·[2J",
      "",
      "scores (append)",
      "event_id  amount_cents  score  manual  reasons  event_time",
      "e1                 100   0.25  true    R1, R2   12:01:00",
      "",
      "windows (update)",
      "nothing yet",
      "",
      "Ctrl-C drains and ends.",
    ]);
  });

  it("never leaves the screen", () => {
    const lines = liveView(view, status, seen, { width: 30, height: 8 });
    assert.ok(lines.length <= 8);
    assert.ok(lines.every((line) => line.length <= 30));
  });

  it("shows whole tables in turn where not all have room, and says which", () => {
    const at = (nowMs: number) => liveView(view, status, { ...seen, nowMs }, { width: 100, height: 13 });
    assert.deepEqual(at(0).slice(-3), [
      "e1                 100   0.25  true    R1, R2   12:01:00",
      "",
      "Ctrl-C drains and ends. Table 1 of 2, in turn.",
    ]);
    assert.deepEqual(at(5000).slice(-4), [
      "windows (update)",
      "nothing yet",
      "",
      "Ctrl-C drains and ends. Table 2 of 2, in turn.",
    ]);
    assert.deepEqual(at(10_000).slice(-3), at(0).slice(-3));
  });

  it("marks what the width cuts off", () => {
    const [, , counts] = liveView(view, status, seen, { width: 30, height: 40 });
    assert.equal(counts, "1,234 read = 1,230 accepted +…");
  });

  it("keeps a column as wide as it was", () => {
    const widest = new Map();
    const headed = (event: string) => {
      const tables = [{ table: scores, rows: [[event, 100, 0.25, true, ["R1"], 0]] }];
      const lines = liveView({ ...view, tables }, status, seen, { width: 100, height: 40 }, widest);
      return lines.find((line) => line.startsWith("event_id"));
    };
    const wide = headed("an event's long name");
    assert.match(wide ?? "", /^event_id {14}amount_cents/);
    assert.equal(headed("e1"), wide);
  });

  it("shows the day of a time that is not the watermark's", () => {
    const time = timeOfDay("Europe/Berlin", Date.UTC(2026, 0, 1, 12));
    assert.equal(time(Date.UTC(2025, 11, 31, 23)), "00:00:00");
    assert.equal(time(Date.UTC(2025, 11, 31, 22)), "2025-12-31 23:00:00");
  });

  it("gives each table as many rows as fit, at least two", () => {
    assert.equal(rowsThatFit(4, { width: 80, height: 24 }), 2);
    assert.equal(rowsThatFit(4, { width: 80, height: 45 }), 5);
    assert.equal(rowsThatFit(1, { width: 80, height: 99 }), 6);
  });
});

describe("the history's view", () => {
  const url = "http://127.0.0.1:8080";
  const of = (done: number, remainingMs: number | null) =>
    historyView({ done, of: 200_000 }, remainingMs, url, { width: 100, height: 40 });

  it("shows where the page is, the share, and the time that it still needs", () => {
    assert.deepEqual(of(50_000, 4100), [
      "http://127.0.0.1:8080  history",
      `${"█".repeat(10)}${"░".repeat(30)} 25%`,
      "50,000 of about 200,000 events, 5 s left",
      "",
      "Ctrl-C drains and ends.",
    ]);
  });

  it("needs no time that nobody knows, and is full at the end", () => {
    assert.equal(of(0, null)[2], "0 of about 200,000 events");
    assert.equal(of(200_000, 0)[1], `${"█".repeat(40)} 100%`);
  });
});

it("the rate is that of the last readings only", () => {
  const rate = createRate(10_000);
  assert.equal(rate({ atMs: 0, read: 0 }), 0);
  assert.equal(rate({ atMs: 1000, read: 500 }), 500);
  assert.equal(rate({ atMs: 10_500, read: 530 }), 30 / 9.5);
});

describe("rows as text", () => {
  const time = dateAndTime("UTC");

  it("shorten UUIDs and long texts, round, and show nothing that could drive a terminal", () => {
    const columns = [
      { name: "id", type: STRING },
      { name: "text", type: STRING },
      { name: "at", type: TIMESTAMP },
      { name: "x", type: DOUBLE },
      { name: "counts", type: arrayOf(BIGINT) },
    ];
    const row = ["0b5c1d9e-1111-4222-8333-944445555666", `\x1b[2J${"a".repeat(40)}`, 0, 1 / 3, [1, 2]];
    assert.deepEqual(
      tableText(columns, [row], { width: 120, time })[1],
      `0b5c1d9e…  ·[2J${"a".repeat(27)}…  1970-01-01 00:00:00  0.3333  [1,2]`,
    );
  });

  it("say how many columns didn't fit", () => {
    const columns = ["first", "second", "third"].map((name) => ({ name, type: STRING }));
    assert.deepEqual(tableText(columns, [["1", null, "3"]], { width: 20, time }), ["first  +2 more", "1"]);
  });
});
