/** The page of a real run in a real browser, from the first start on. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Page } from "playwright-core";
import { readRunning } from "../../src/server/running.ts";
import { type RunningCommand, start } from "../cli/command-line.ts";
import { chromiumPath, openBrowser } from "./browser.ts";

const GIVES_UP_MS = 120_000;

test("the page of a run has something in every panel, and stays up to date", {
  timeout: 300_000,
}, async (t) => {
  const executablePath = chromiumPath(t);
  if (executablePath === null) return;
  const { url, command } = await ready(t);
  const { page, complaints } = await openBrowser(t, executablePath, url);
  await page.goto(url);

  await t.test("no panel is empty", async () => {
    assert.ok((await page.locator(".panel").count()) > 1);
    assert.deepEqual(await panelsWithoutRows(page), []);
    assert.match((await page.locator("#health .state").textContent()) ?? "", /Live/);
  });

  await t.test("a panel changes without the page being loaded again", async () => {
    await page.locator("body").evaluate((body) => body.setAttribute("data-loaded", "once"));
    const before = await page.locator("main").innerText();
    await until(async () => ((await page.locator("main").innerText()) === before ? null : true), command);
    assert.equal(await page.getAttribute("body", "data-loaded"), "once");
    assert.deepEqual(await panelsWithoutRows(page), []);
  });

  await t.test("it fits every width, and shows the same in the dark", async () => {
    for (const width of [1280, 1024, 768, 390])
      for (const colorScheme of ["light", "dark"] as const) {
        await page.setViewportSize({ width, height: 900 });
        await page.emulateMedia({ colorScheme });
        const needed = await page.locator("html").evaluate(({ scrollWidth }) => scrollWidth);
        assert.ok(needed <= width, `${needed} pixels at ${width}`);
        assert.deepEqual(await overflowing(page), [], `at ${width}`);
        assert.equal(await page.locator("#health .state").isVisible(), true);
      }
  });

  await t.test("no script has failed, and nothing was asked for elsewhere", () => {
    assert.deepEqual(complaints, []);
  });

  await t.test("it shows all of that without a script", async (inner) => {
    const { page: still } = await openBrowser(inner, executablePath, url);
    await still.route("**/*.js", (route) => route.abort());
    await still.goto(url);
    assert.deepEqual(await panelsWithoutRows(still), []);
  });

  await t.test("it says so when the connection is lost", async () => {
    command.interrupt();
    await page.getByText("Connection lost, retrying").waitFor({ timeout: GIVES_UP_MS });
    const state = page.locator("#health .state");
    assert.match((await state.textContent()) ?? "", /^As of \d\d:\d\d:\d\d$/);
    assert.equal(await state.getAttribute("class"), "state lost");
    const { exitCode, stderr } = await command.outcome;
    assert.equal(exitCode, 0);
    assert.doesNotMatch(stderr, /"level":"(warn|error)"/);
    assert.deepEqual(await panelsWithoutRows(page), [], "what was there last is still shown");
  });
});

/** Ids of panels that show no row. */
function panelsWithoutRows(page: Page): Promise<string[]> {
  return page
    .locator(".panel")
    .evaluateAll((panels) =>
      panels.filter((panel) => panel.querySelector("tbody tr") === null).map(({ id }) => id),
    );
}

/** Texts of the first line that run out of their cells. */
function overflowing(page: Page): Promise<string[]> {
  return page
    .locator("#health dd")
    .evaluateAll((cells) =>
      cells.filter((cell) => cell.scrollWidth > cell.clientWidth).map((cell) => cell.textContent ?? ""),
    );
}

/** A first start whose history is in. */
async function ready(t: TestContext): Promise<{ url: string; command: RunningCommand }> {
  const data = mkdtempSync(join(tmpdir(), "loanstream-e2e-"));
  const command = start(["run", "--port", "0", "--data-dir", data]);
  t.after(async () => {
    command.interrupt();
    await command.outcome;
    rmSync(data, { recursive: true, force: true });
  });
  const { url } = await until(() => readRunning(data), command);
  await until(async () => ((await fetch(`${url}/readyz`)).ok ? true : null), command);
  return { url, command };
}

/** What is there at last; fails if the command ends before. */
async function until<T>(look: () => Promise<T | null>, { outcome }: RunningCommand): Promise<T> {
  let ended: string | null = null;
  void outcome.then(({ stderr }) => {
    ended = stderr;
  });
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    assert.equal(ended, null, "the run ended");
    await delay(100);
  }
}
