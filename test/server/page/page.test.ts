import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { events, take } from "../events.ts";
import { live, raised, score, scores, served, windows } from "../served-store.ts";

describe("the page", () => {
  it("shows each table's newest rows, the alerts and the health without a script", async (t) => {
    const { get, put } = await served(t, { status: () => ({ ...live, ratePerSecond: 3.25 }) });
    const ledger = { source: { read: 1234, accepted: 1200, late: 20, duplicate: 10, dead: 4 }, tables: {} };
    put([scores(score("e1")), windows([60_000, "auto", 7]), raised("a1")], { ledger });
    const html = await (await get("/")).text();
    for (const shown of [
      /<span class="state live">Live<\/span>/,
      /3\.3<small> events\/s/,
      /1,234<small> read <\/small>= 1,200<small> accepted <\/small>\+ 20<small> late <\/small>\+ 10<small> duplicate <\/small>\+ 4<small> dead/,
      /<span class="severity warning">warning<\/span>/,
      /e1 is large/,
      /<td class="number">\$10,000<\/td>/,
      /<td class="number">7<\/td>/,
    ])
      assert.match(html, shown);
    assert.doesNotMatch(html, /No rows yet|None raised yet/);
  });

  it("says of what is empty that it is", async (t) => {
    const { get } = await served(t);
    const html = await (await get("/")).text();
    assert.equal(html.match(/No rows yet/g)?.length, 2);
    assert.match(html, /None raised yet/);
  });

  it("denies nothing that it can't read while the state is restored", async (t) => {
    const status = () => ({ ...live, state: "recovering" }) as const;
    const { get } = await served(t, { reader: () => null, status });
    const html = await (await get("/")).text();
    assert.equal(html.match(/<p class="nothing">restoring…/g)?.length, 3);
    assert.equal(html.match(/<dd>–<\/dd><dd class="note">restoring…/g)?.length, 3);
    assert.doesNotMatch(html, /No rows yet|None raised|nothing read|>0</);
  });

  it("shows how much of the past is in", async (t) => {
    const history = { done: 12_000, of: 187_303.852 };
    const { get } = await served(t, { status: () => ({ ...live, state: "history", history }) });
    assert.match(
      await (await get("/")).text(),
      /<progress max="187304" value="12000">.*12,000 of about 187,304</,
    );
  });

  it("says why the engine has stopped, and what to do", async (t) => {
    const failure = { code: "log.failed", message: "no room", remedy: "Make room.", place: {} } as const;
    const { get } = await served(t, { status: () => ({ ...live, state: "failed", failure }) });
    assert.match(await (await get("/")).text(), /role="alert">no room\. Make room\./);
  });

  it("never takes a value for HTML", async (t) => {
    const { get, put } = await served(t);
    const evil = `"><img src=x onerror='alert(1)'>&amp;`;
    put([windows([60_000, evil, 1]), scores(score("e1", { reasons: [evil] })), raised(evil)]);
    const html = await (await get("/")).text();
    assert.doesNotMatch(html, /<img/);
    assert.match(html, /&quot;&gt;&lt;img src=x onerror=&#39;alert\(1\)&#39;&gt;&amp;amp;/);
  });

  it("holds nothing that its own policy forbids: no inline script or style, nothing from elsewhere", async (t) => {
    const { get, put } = await served(t);
    put([scores(score("e1")), windows([60_000, "auto", 7])]);
    const html = await (await get("/")).text();
    assert.doesNotMatch(html, /<script(?![^>]* src="\/)|<style| style=| on\w+=|https?:\/\//);
    for (const [, path = ""] of html.matchAll(/(?:src|href)="(\/[\w.]*)"/g)) {
      const response = await get(path);
      assert.equal(response.status, 200, path);
      await response.body?.cancel();
    }
  });
});

describe("GET /live", () => {
  it("sends every part at first, then those that changed", async (t) => {
    const { get, put } = await served(t, { status: () => live, nowMs: clock() });
    put([scores(score("e1"))]);
    const stream = events(await get("/live"));
    const ids = new Set<string>();
    for (let i = 0; i < 4; i++) ids.add(partOf(await stream.next()).id);
    assert.deepEqual(ids, new Set(["health", "alerts", "table-scores", "table-windows"]));
    put([windows([60_000, "auto", 7])]);
    const changed: { id: string; html: string }[] = [];
    while (changed.at(-1)?.id !== "table-windows") changed.push(partOf(await stream.next()));
    assert.match(changed.at(-1)?.html ?? "", /auto/);
    assert.ok(changed.every(({ id }) => id === "health" || id === "table-windows"));
    await stream.return(undefined);
  });

  it("gives each page that opens all of it, and the same to all", async (t) => {
    const { get, put } = await served(t, { nowMs: () => 0 });
    put([scores(score("e1"))]);
    const [first, second] = await Promise.all([take(await get("/live"), 4), take(await get("/live"), 4)]);
    assert.deepEqual(first, second);
  });
});

function clock(): () => number {
  const beganMs = Date.now();
  return () => Date.now() - beganMs;
}

function partOf({ value }: IteratorResult<{ readonly data: string }>): { id: string; html: string } {
  return JSON.parse(value?.data ?? "{}");
}
