import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { TableRows } from "../../src/engine/engine.ts";
import { tries } from "../tries.ts";
import { events, take } from "./events.ts";
import { raised, type Served, score, scores, served, windows } from "./served-store.ts";

/** Once it has come, what is written from now on is streamed. */
async function begun(response: Response): Promise<Response> {
  assert.equal(response.status, 200);
  assert.match(response.headers.get("content-type") ?? "", /^text\/event-stream/);
  return response;
}

describe("GET /v1/stream", { timeout: 120_000 }, () => {
  it("begins now, and gives each row with its table and sequence number", async (t) => {
    const { get, put } = await served(t);
    put([scores(score("before"))]);
    const response = await begun(await get("/v1/stream"));
    put([scores(score("e1", { reasons: null })), windows([60_000, "auto", 3]), raised("a1")]);
    const taken = await take(response, 3);
    assert.deepEqual(
      taken.map(({ event, id }) => [event, id]),
      [
        ["row", "2"],
        ["row", "3"],
        ["row", "4"],
      ],
    );
    const [first, second, third] = taken.map(({ data }) => JSON.parse(data));
    assert.deepEqual(second, {
      table: "windows",
      row: { window_start: "1970-01-01T00:01:00.000Z", product: "auto", count: 3 },
    });
    assert.equal(first.row.event_id, "e1");
    assert.deepEqual([third.table, third.row.key], ["alerts", { event_id: "e1" }]);
  });

  it("gives only the tables that are asked for", async (t) => {
    const { get, put } = await served(t);
    put([scores(score("e1")), windows([60_000, "auto", 1]), raised("a1"), scores(score("e2"))]);
    const taken = await take(await get("/v1/stream?tables=windows,alerts&after=0"), 2);
    assert.deepEqual(
      taken.map(({ data }) => JSON.parse(data).table),
      ["windows", "alerts"],
    );
  });

  it("goes on where a browser stopped, by Last-Event-ID rather than by the address it began with", async (t) => {
    const { get, put } = await served(t);
    put([scores(score("e1"), score("e2"), score("e3"))]);
    const headers = { "last-event-id": "2" };
    const [event] = await take(await get("/v1/stream?after=0", { headers }), 1);
    assert.equal(event?.id, "3");
  });

  it("names the header whose number is none", async (t) => {
    const { get } = await served(t);
    const response = await get("/v1/stream", { headers: { "last-event-id": "x" } });
    assert.equal(response.status, 400);
    assert.match(JSON.parse(await response.text()).error.message, /^Last-Event-ID is no whole number/);
  });

  it("tells where it begins before anything has changed, so that not even the first change can be missed", async (t) => {
    const { get, put } = await served(t);
    put([scores(score("e1"))]);
    const response = await get("/v1/stream");
    const reader = response.body?.getReader();
    const { value } = (await reader?.read()) ?? {};
    assert.equal(new TextDecoder().decode(value), "retry: 2000\nid: 1\n\n");
    await reader?.cancel();
  });

  it("begins anew after an id of another store", async (t) => {
    const { get, put } = await served(t);
    put([scores(score("e1"))]);
    const [event] = await take(await get("/v1/stream?after=1000"), 1);
    assert.equal(event?.id, "1");
  });

  it("has neither gap nor double however often it is cut, and ends at the last value of every key", async (t) => {
    const { get, put, reader } = await served(t);
    const commit = fc.oneof(
      fc
        .record({ product: fc.constantFrom("auto", "personal", null), count: fc.nat(9) })
        .map(({ product, count }): TableRows => windows([60_000, product, count])),
      fc.uuid().map((id): TableRows => scores(score(id))),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(commit, fc.boolean()), { minLength: 1, maxLength: 12 }),
        async (steps) => {
          const begin = reader.progress().seq;
          const seen: { seq: number; table: string; key: string }[] = [];
          const last = () => seen.at(-1)?.seq ?? begin;
          for (const [rows, cut] of steps) {
            put([rows]);
            if (cut) await read(get, last(), reader.progress().seq, seen);
          }
          await read(get, last(), reader.progress().seq, seen);
          const ids = seen.map(({ seq }) => seq);
          assert.deepEqual(
            ids,
            [...new Set(ids)].toSorted((a, b) => a - b),
          );
          const kept = reader.changes(["scores", "windows", "alerts"], begin, 1000).map(({ seq }) => seq);
          assert.deepEqual(
            kept.filter((seq) => !ids.includes(seq)),
            [],
          );
        },
      ),
      { numRuns: tries(8) },
    );
  });

  it("gives a client that was slow the last values, and keeps nothing for it meanwhile", async (t) => {
    const { get, put } = await served(t);
    const keys = Array.from({ length: 100 }, (_, i) => `${i}-${"x".repeat(40_000)}`);
    const rounds = 8;
    const slow = await get("/v1/stream?tables=windows");
    const fast = events(await get("/v1/stream?tables=windows"));
    for (let round = 1; round <= rounds; round++) {
      put([windows(...keys.map((key) => [60_000, key, round]))]);
      for (let i = 0; i < keys.length; i++) await fast.next();
    }
    await fast.return(undefined);
    const last = new Map<string, number>();
    let received = 0;
    for await (const { data } of events(slow)) {
      const { row } = JSON.parse(data);
      received++;
      last.set(row.product, row.count);
      if (keys.every((key) => last.get(key) === rounds)) break;
    }
    assert.ok(received < (rounds * keys.length) / 2, `${received} rows were kept for it`);
  });

  it("speaks after a quarter of a minute in which nothing has changed, so that nobody cuts it off", async (t) => {
    let nowMs = 0;
    const { get } = await served(t, { nowMs: () => (nowMs += 8000) });
    const chunks = (await get("/v1/stream")).body?.pipeThrough(new TextDecoderStream());
    const reader = chunks?.getReader();
    assert.match((await reader?.read())?.value ?? "", /^retry/);
    assert.equal((await reader?.read())?.value, ": still here\n\n");
    await reader?.cancel();
  });

  it("ends when the server closes", async (t) => {
    const { get, close } = await served(t);
    const response = await get("/v1/stream");
    await close();
    assert.match(await response.text(), /^retry/);
  });
});

/** Reads from one number on to another, then cuts the connection. */
async function read(
  get: Served["get"],
  after: number,
  upTo: number,
  seen: { seq: number; table: string; key: string }[],
): Promise<void> {
  if (after === upTo) return;
  for await (const { id, data } of events(await get(`/v1/stream?after=${after}`))) {
    const { table, row } = JSON.parse(data);
    seen.push({ seq: Number(id), table, key: row.event_id ?? row.product });
    if (Number(id) === upTo) return;
  }
}
