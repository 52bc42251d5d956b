/** A real Chromium, with a profile of its own. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type BrowserContext, chromium, type Page } from "playwright-core";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** It asks for nothing but the page. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The Chromium of `CHROMIUM`, or of the system. Without one the test is skipped and `null` returned; with CI set it fails. */
export function chromiumPath(t: Pick<TestContext, "skip">): string | null {
  const { CHROMIUM, CI } = process.env;
  const path = CHROMIUM || PLACES.find((place) => existsSync(place));
  if (path !== undefined) return path;
  const message =
    "NO CHROMIUM: the page was seen by no browser. Install chromium, or set CHROMIUM to its path.";
  if (CI) throw new Error(message);
  t.skip(message);
  return null;
}

export interface Browsing {
  readonly page: Page;
  /** Errors of scripts and of the console, and requests to elsewhere than `origin`. */
  readonly complaints: readonly string[];
}

/** A page that is closed after the test. */
export async function openBrowser(t: TestContext, executablePath: string, origin: string): Promise<Browsing> {
  const profile = mkdtempSync(join(tmpdir(), "loanstream-chromium-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    args: FLAGS,
  });
  t.after(async () => {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  });
  const complaints: string[] = [];
  listen(context, origin, complaints);
  return { page: context.pages()[0] ?? (await context.newPage()), complaints };
}

function listen(context: BrowserContext, origin: string, complaints: string[]): void {
  context.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  context.on("weberror", (error) => complaints.push(error.error().message));
  context.on("request", (request) => {
    if (new URL(request.url()).origin !== origin) complaints.push(`asked for ${request.url()}`);
  });
}
