import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { raised, score, scores, served, windows } from "./served-store.ts";

const minute = 60_000;

describe("GET /v1/tables", () => {
  it("lists every table and the alerts, with types, keys and how many rows they have", async (t) => {
    const { get, put } = await served(t);
    put([scores(score("e1"), score("e2")), raised("a1")]);
    const { tables } = JSON.parse(await (await get("/v1/tables")).text());
    assert.deepEqual(
      tables.map(({ name, emit, key, rows }: Record<string, unknown>) => ({ name, emit, key, rows })),
      [
        { name: "scores", emit: "append", key: ["event_id"], rows: 2 },
        { name: "windows", emit: "update", key: ["window_start", "product"], rows: 0 },
        { name: "alerts", emit: "once", key: ["alert_id"], rows: 1 },
      ],
    );
    assert.deepEqual(tables[0].columns[4], {
      name: "reasons",
      type: "ARRAY<STRING>",
      description: "",
      unit: null,
    });
  });
});

describe("GET /v1/tables/:name", () => {
  it("gives rows as files of an analysis hold them, the last written first, integers exact", async (t) => {
    const { get, put } = await served(t);
    put([scores(score("e1"), score("e2", { amountCents: 2n ** 60n, reasons: null, timeMs: 1 }))]);
    const response = await get("/v1/tables/scores");
    assert.equal(response.headers.get("content-type"), "application/json; charset=utf-8");
    assert.equal(
      await response.text(),
      `{"table":"scores","seq":2,"rows":[${[
        `{"event_id":"e2","amount_cents":1152921504606846976,"score":0.5,"manual":false,"event_time":"1970-01-01T00:00:00.001Z"}`,
        `{"event_id":"e1","amount_cents":1000000,"score":0.5,"manual":false,"reasons":["email"],"event_time":"1970-01-01T00:00:01.000Z"}`,
      ].join(",")}],"next":null}`,
    );
  });

  it("gives every row once over its pages", async (t) => {
    const { get, put } = await served(t);
    const ids = Array.from({ length: 25 }, (_, i) => `e${i}`);
    put([scores(...ids.map((id) => score(id)))]);
    const seen: string[] = [];
    let next: number | null = Number.MAX_SAFE_INTEGER;
    while (next !== null) {
      const page: { rows: { event_id: string }[]; next: number | null } = JSON.parse(
        await (await get(`/v1/tables/scores?limit=10&before=${next}`)).text(),
      );
      assert.ok(page.rows.length > 0 && page.rows.length <= 10);
      seen.push(...page.rows.map(({ event_id }) => event_id));
      next = page.next;
    }
    assert.deepEqual(seen, ids.toReversed());
  });

  it("serves alerts as a table", async (t) => {
    const { get, put } = await served(t);
    put([raised("a1")]);
    const { rows } = JSON.parse(await (await get("/v1/tables/alerts?severity=warning")).text());
    assert.equal(rows.length, 1);
    const { alert_id, message, key, position } = rows[0];
    assert.deepEqual([alert_id, message, key, position], ["a1", "e1 is large", { event_id: "e1" }, 1]);
    const byKey = await get(`/v1/tables/alerts?key=${encodeURIComponent(JSON.stringify(key))}`);
    assert.deepEqual(JSON.parse(await byKey.text()).rows, rows);
  });

  for (const [filter, expected] of [
    ["event_id=e2", ["e2"]],
    ["amount_cents=7", ["e1"]],
    ["amount_cents=1152921504606846976", ["e3"]],
    ["score=0.25", ["e2"]],
    ["manual=true", ["e3"]],
    ["event_time=1970-01-01T00:00:02.000Z", ["e2"]],
    ["event_time=1970-01-01T00:00:02Z", ["e2"]],
    ["manual=false&score=0.5", ["e1"]],
    ["event_id=", []],
  ] as const)
    it(`keeps the rows that equal ${filter}`, async (t) => {
      const { get, put } = await served(t);
      put([
        scores(
          score("e1", { amountCents: 7 }),
          score("e2", { value: 0.25, timeMs: 2000 }),
          score("e3", { amountCents: 2n ** 60n, manual: true }),
        ),
      ]);
      const { rows } = JSON.parse(await (await get(`/v1/tables/scores?${filter}`)).text());
      assert.deepEqual(
        rows.map(({ event_id }: { event_id: string }) => event_id),
        expected,
      );
    });

  for (const [path, status, code, said] of [
    ["/v1/tables/score", 404, "request.unknown-table", /"score".*Write scores/],
    ["/v1/tables/sqlite_schema", 404, "request.unknown-table", /sqlite_schema/],
    ["/v1/tables/scores?mannual=true", 400, "request.invalid-parameter", /"mannual".*Write manual/],
    ["/v1/tables/scores?_seq=1", 400, "request.invalid-parameter", /no column "_seq"/],
    ["/v1/tables/scores?manual=1", 400, "request.invalid-parameter", /BOOLEAN.*true or false/],
    ["/v1/tables/scores?amount_cents=1.5", 400, "request.invalid-parameter", /BIGINT/],
    ["/v1/tables/scores?amount_cents=9223372036854775808", 400, "request.invalid-parameter", /BIGINT/],
    ["/v1/tables/scores?score=NaN", 400, "request.invalid-parameter", /DOUBLE/],
    ["/v1/tables/scores?score=1e999", 400, "request.invalid-parameter", /DOUBLE/],
    ["/v1/tables/scores?event_time=yesterday", 400, "request.invalid-parameter", /TIMESTAMP/],
    ["/v1/tables/scores?reasons=email", 400, "request.invalid-parameter", /list/],
    ["/v1/tables/scores?manual=true&manual=false", 400, "request.invalid-parameter", /twice/],
    ["/v1/tables/scores?limit=0", 400, "request.invalid-parameter", /from 1 to 1000/],
    ["/v1/tables/scores?limit=1001", 400, "request.invalid-parameter", /from 1 to 1000/],
    ["/v1/tables/scores?before=x", 400, "request.invalid-parameter", /from 1 on/],
    ["/v1/stream?tables=scores,nothing", 404, "request.unknown-table", /"nothing"/],
    ["/v1/stream?after=-1", 400, "request.invalid-parameter", /from 0 on/],
    ["/v1/tables?limit=1", 400, "request.invalid-parameter", /no parameter "limit".*takes none/],
    ["/v1/ledger?table=scores", 400, "request.invalid-parameter", /no parameter "table"/],
    ["/v1/stream?table=scores", 400, "request.invalid-parameter", /Write tables/],
    ["/v2/tables", 404, "request.not-found", /docs/],
  ] as const)
    it(`refuses ${path}`, async (t) => {
      const { get } = await served(t);
      const response = await get(path);
      assert.equal(response.status, status);
      const { error } = JSON.parse(await response.text());
      assert.equal(error.code, code);
      assert.match(`${error.message} ${error.remedy}`, said);
    });
});

describe("GET /v1/ledger", () => {
  it("says where every record went, as of the last commit", async (t) => {
    const { get, put } = await served(t);
    const ledger = {
      source: { read: 9, accepted: 5, late: 1, duplicate: 1, dead: 2 },
      tables: { scores: { used: 3, filtered: 2 }, windows: { used: 5, filtered: 0 } },
    };
    put([windows([minute, "auto", 1])], { ledger, watermarkMs: 1000, positions: [9] });
    assert.deepEqual(JSON.parse(await (await get("/v1/ledger")).text()), {
      positions: [9],
      seq: 1,
      watermark: "1970-01-01T00:00:01.000Z",
      ...ledger,
    });
  });
});
