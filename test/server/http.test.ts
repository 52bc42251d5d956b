/** What HTTP users expect of any server, and what keeps others out of this one. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { describe, it } from "node:test";
import { fail, LoanstreamError } from "../../src/errors.ts";
import type { RepairedLetter } from "../../src/server/parts.ts";
import { startServer } from "../../src/server/server.ts";
import { smallPipeline } from "../store/small-pipeline.ts";
import { live, served, silent } from "./served-store.ts";

const routes = [
  "/",
  "/page.css",
  "/v1/tables",
  "/v1/tables/scores",
  "/v1/ledger",
  "/v1/stream",
  "/healthz",
  "/readyz",
];

describe("every route", () => {
  for (const path of routes)
    it(`${path} answers HEAD without a body, refuses POST, and carries the headers of safety`, async (t) => {
      const { get } = await served(t);
      const head = await get(path, { method: "HEAD" });
      assert.equal(head.status, 200);
      assert.equal(await head.text(), "");
      assert.equal(head.headers.get("cache-control"), "no-store");
      assert.equal(head.headers.get("x-content-type-options"), "nosniff");
      assert.equal(head.headers.get("x-frame-options"), "DENY");
      assert.match(
        head.headers.get("content-security-policy") ?? "",
        /default-src 'none'.*frame-ancestors 'none'/,
      );
      assert.doesNotMatch(head.headers.get("content-security-policy") ?? "", /unsafe/);
      assert.equal(head.headers.get("access-control-allow-origin"), null);
      const post = await get(path, { method: "POST", body: "{}" });
      assert.equal(post.status, 405);
      assert.equal(post.headers.get("allow"), "GET, HEAD");
      assert.equal(JSON.parse(await post.text()).error.code, "request.wrong-method");
    });
});

describe("docs/http.md", () => {
  const page = readFileSync(new URL("../../docs/http.md", import.meta.url), "utf8");
  const listed = [...page.matchAll(/^\| `GET (\S+)` \|/gm)].map(([, path = ""]) =>
    path.replace("NAME", "scores"),
  );

  it("lists the routes, each of which is there", async (t) => {
    const { get } = await served(t);
    assert.deepEqual(listed.toSorted(), routes.filter((path) => path !== "/page.css").toSorted());
    for (const path of listed) assert.equal((await get(path, { method: "HEAD" })).status, 200, path);
  });
});

/** `fetch` doesn't let one choose the Host header. */
function statusFor(url: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(`${url}/v1/ledger`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on("error", reject)
      .end();
  });
}

describe("a server that listens on this machine only", () => {
  for (const host of ["localhost", "localhost:8080", "127.0.0.1:1", "127.8.0.1", "[::1]:80", "app.localhost"])
    it(`answers ${host}`, async (t) => {
      assert.equal(await statusFor((await served(t)).url, host), 200);
    });

  for (const host of [
    "evil.example",
    "127.0.0.1.evil.example:8080",
    "localhost.evil.example",
    "10.0.0.1",
    "169.254.1.1",
  ])
    it(`refuses ${host}, which somebody's name server may have pointed here`, async (t) => {
      assert.equal(await statusFor((await served(t)).url, host), 421);
    });
});

/** The bytes of a reply to bytes. */
async function replyTo(url: string, sent: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.end(sent);
  return text(socket);
}

describe("a request whose address can't be read", () => {
  for (const head of [
    "GET /v1/ledger HTTP/1.1",
    "GET /v1/ledger HTTP/1.1\r\nHost: a b",
    "GET /a\\b HTTP/1.1\r\nHost: localhost",
  ])
    it(`gets an error in the one form: ${head.replaceAll("\r\n", ", ")}`, async (t) => {
      const reply = await replyTo((await served(t)).url, `${head}\r\nConnection: close\r\n\r\n`);
      assert.match(reply, /^HTTP\/1\.1 400 .*\r\n\r\n.*"code":"request\.malformed","message"/s);
    });
});

describe("starting", () => {
  it("says that a port is in use, and by what flag to choose another", async (t) => {
    const { url } = await served(t);
    const port = Number(new URL(url).port);
    await assert.rejects(startServer({ ...lonely, port }), (error) => {
      assert.ok(error instanceof LoanstreamError);
      assert.equal(error.exitCode, 1);
      assert.match(error.message, /^port \d+ of 127\.0\.0\.1 is in use \[server\.port-in-use\]\. .*--port 0/);
      return true;
    });
  });

  it("says that an address is none of this machine's", async () => {
    await assert.rejects(startServer({ ...lonely, host: "192.0.2.1" }), /server\.bad-host/);
  });

  it("answers what needs the store by 503 until there is one, and the page and health at once", async (t) => {
    const { get } = await served(t, { reader: () => null, status: () => ({ ...live, state: "recovering" }) });
    const tables = await get("/v1/tables");
    assert.equal(tables.status, 503);
    assert.equal(JSON.parse(await tables.text()).error.code, "server.not-ready");
    assert.equal((await get("/v1/stream")).status, 503);
    assert.equal((await get("/healthz")).status, 200);
    assert.match(await (await get("/")).text(), /Restoring state/);
  });
});

const lonely = {
  pipeline: smallPipeline,
  reader: () => null,
  status: () => live,
  admin: null,
  host: "127.0.0.1",
  port: 0,
  logger: silent,
  nowMs: Date.now,
};

describe("health", () => {
  const failure = {
    code: "log.failed",
    message: "the log can't be written",
    remedy: "Make room on the disk.",
    place: {},
  } as const;
  for (const [state, healthy, ready] of [
    ["recovering", 200, 503],
    ["history", 200, 503],
    ["live", 200, 200],
    ["draining", 200, 503],
    ["failed", 503, 503],
  ] as const)
    it(`is ${healthy}, and readiness ${ready}, while it is ${state}`, async (t) => {
      const history = state === "history" ? { done: 10, of: 100 } : null;
      const { get } = await served(t, {
        status: () => ({ ...live, state, history, failure: state === "failed" ? failure : null }),
      });
      const health = await get("/healthz");
      const readiness = await get("/readyz");
      assert.deepEqual([health.status, readiness.status], [healthy, ready]);
      const replies = [JSON.parse(await health.text()), JSON.parse(await readiness.text())];
      for (const reply of replies) {
        assert.equal(reply.state, state);
        if (state === "failed") assert.equal(reply.error.code, "log.failed");
      }
      if (state === "history") assert.deepEqual(replies[1].history, history);
    });
});

describe("POST /v1/dlq/retry", () => {
  const letter = { partition: 0, position: 17, record: { event_id: "e1" } };
  const authorized = { authorization: "Bearer secret" };

  function admin() {
    const asked: (readonly RepairedLetter[])[] = [];
    const retry = async (letters: readonly RepairedLetter[]) => {
      asked.push(letters);
      return letters.map(({ partition, position }, i) => ({
        partition,
        position,
        retriedAs: { partition, position: 100 + i },
        already: i > 0,
      }));
    };
    return { asked, admin: { token: "secret", retry } };
  }

  it("retries each line, and gives an outcome each", async (t) => {
    const { asked, admin: given } = admin();
    const { get } = await served(t, { admin: given });
    const raw = `{"event_id":"e2","n":1.0}`;
    const body = `${JSON.stringify(letter)}\n\n${JSON.stringify({ partition: 1, position: 2, record: raw })}\n`;
    const response = await get("/v1/dlq/retry", { method: "POST", headers: authorized, body });
    assert.equal(response.status, 200);
    assert.deepEqual(
      (await response.text())
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line)),
      [
        { partition: 0, position: 17, retried_as: { partition: 0, position: 100 }, already: false },
        { partition: 1, position: 2, retried_as: { partition: 1, position: 101 }, already: true },
      ],
    );
    const records = asked.flat().map(({ record }) => new TextDecoder().decode(record));
    assert.deepEqual(records, [`{"event_id":"e1"}`, raw]);
  });

  for (const headers of [
    {},
    { authorization: "Bearer wrong" },
    { authorization: "secret" },
    { authorization: "Bearer " },
  ])
    it(`refuses ${JSON.stringify(headers)}`, async (t) => {
      const { asked, admin: given } = admin();
      const { get } = await served(t, { admin: given });
      const response = await get("/v1/dlq/retry", { method: "POST", headers, body: JSON.stringify(letter) });
      assert.equal(response.status, 401);
      assert.equal(response.headers.get("www-authenticate"), "Bearer");
      assert.deepEqual(asked, []);
    });

  for (const line of [
    "{",
    "[]",
    "17",
    '{"partition":0,"position":1}',
    '{"partition":-1,"position":1,"record":{}}',
    '{"partition":0,"position":"1","record":{}}',
  ])
    it(`does nothing of a body with the line ${line}, and shows nothing of it`, async (t) => {
      const { asked, admin: given } = admin();
      const { get } = await served(t, { admin: given });
      const body = `${JSON.stringify(letter)}\n${line}`;
      const response = await get("/v1/dlq/retry", { method: "POST", headers: authorized, body });
      assert.equal(response.status, 400);
      const { error } = JSON.parse(await response.text());
      assert.equal(error.code, "request.invalid-body");
      assert.match(error.message, /^line 2 of the body /);
      assert.deepEqual(asked, []);
    });

  for (const state of ["recovering", "history", "draining", "failed"] as const)
    it(`does nothing while the run is ${state}`, async (t) => {
      const { asked, admin: given } = admin();
      const { get } = await served(t, { admin: given, status: () => ({ ...live, state }) });
      const body = JSON.stringify(letter);
      const response = await get("/v1/dlq/retry", { method: "POST", headers: authorized, body });
      assert.equal(response.status, 503);
      assert.equal(JSON.parse(await response.text()).error.code, "server.not-ready");
      assert.deepEqual(asked, []);
    });

  for (const code of ["dlq.not-dead", "log.record-has-line-end"] as const)
    it(`passes ${code} on as a fault of the body`, async (t) => {
      const retry = () => Promise.reject(fail(code, "no", "Look."));
      const { get } = await served(t, { admin: { token: "secret", retry } });
      const body = JSON.stringify(letter);
      const response = await get("/v1/dlq/retry", { method: "POST", headers: authorized, body });
      assert.equal(response.status, 400);
      assert.equal(JSON.parse(await response.text()).error.code, code);
    });

  it("refuses a body past 16 MB", async (t) => {
    const { asked, admin: given } = admin();
    const { get } = await served(t, { admin: given });
    const body = " ".repeat((16 << 20) + 1);
    const response = await get("/v1/dlq/retry", { method: "POST", headers: authorized, body });
    assert.equal(response.status, 413);
    assert.deepEqual(asked, []);
  });

  it("is not there where nothing can be administered", async (t) => {
    const { get } = await served(t);
    assert.equal((await get("/v1/dlq/retry", { method: "POST", body: "" })).status, 404);
  });
});
