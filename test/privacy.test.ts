import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { liveView } from "../src/cli/live-view.ts";
import { nodeDirectory } from "../src/eventlog/segments/segment-file.ts";
import { openSegmentLog } from "../src/eventlog/segments/segment-log.ts";
import { createGenerator } from "../src/generator/generator.ts";
import { rhythms } from "../src/generator/rhythm.ts";
import { loadPipeline } from "../src/pipeline/load.ts";
import { openStoreReader } from "../src/store/sqlite-reader.ts";
import { STORE_FILE } from "../src/store/sqlite-store.ts";
import { loanstream, start } from "./cli/command-line.ts";

const pipelineFolder = fileURLToPath(new URL("../pipeline", import.meta.url));
const pipeline = loadPipeline(pipelineFolder);

const scratch = mkdtempSync(join(tmpdir(), "loanstream-privacy-"));
after(() => rmSync(scratch, { recursive: true }));
const data = join(scratch, "data");
const out = join(scratch, "out");
const outOfBroken = join(scratch, "out-of-broken");
/** What every program said on standard output and standard error. */
const said = new Map<string, string>();
/** What the server of the run answered, and sent its followers. */
const answers: string[] = [];
/** What commands showed of the data directory. */
const shown: string[] = [];

/** Every place where output goes. Whatever a run puts out elsewhere gets its line here. */
const outputZone: Readonly<Record<string, () => string>> = {
  "the rows of the store": rowsOfStore,
  "the bytes of the store": () => readFileSync(join(data, STORE_FILE), "latin1"),
  "the files of an analysis": () => textsIn(out),
  "the files of an analysis of broken records": () => textsIn(outOfBroken),
  "the live view": screen,
  "what the programs say": () => [...said.values()].join("\n"),
  "what the server answers": () => answers.join("\n"),
  // Some customers came on the day on which others were born.
  "what is shown of events": () => shown.join("\n").replaceAll(/customer_since\W+[\d-]+/g, ""),
};

/** Shorter values may stand in bytes by chance, and "Name" and "Mark" are first names but also the program's words. */
const leastLengths: Readonly<Record<string, number>> = {
  "the bytes of the store": 6,
  "what the programs say": 5,
  "what the server answers": 5,
  "what is shown of events": 5,
};

/** A postal code is five digits, and so is many a count. */
const personal = pipeline.schema.leaves
  .filter(({ pii, path }) => pii !== null && path !== "applicant.address.postal_code")
  .map(({ path }) => path);

/** The source events, as the log has them. */
let events: readonly string[] = [];
let people: ReadonlyMap<string, ReadonlySet<string>> = new Map();

before(async () => {
  await fillLog();
  const running = start(["run", "--port", "0", "--history", "15m", "--data-dir", data], {
    LOG_LEVEL: "debug",
  });
  await running.said('"message":"progress"');
  await askServer();
  running.interrupt();
  const { exitCode, stdout, stderr } = await running.outcome;
  assert.equal(exitCode, 0);
  said.set("run", stdout + stderr);
  events = textsIn(join(data, "log"), ".ndjson").split("\n");
  people = valuesIn(events.flatMap(parsed), personal);
  await lookAround();
  await analyzeAll();
  await goWrong();
});

/** Some minutes of the past, with every scenario and bad records of every kind, as they would have come in. */
async function fillLog(): Promise<void> {
  const nowMs = Date.now();
  const log = await openSegmentLog(await nodeDirectory(join(data, "log")));
  const past = createGenerator({
    seed: 5,
    startMs: nowMs - 15 * 60_000,
    ratePerSecond: 8,
    rhythm: rhythms.flat,
    badShare: 0.1,
  });
  for (const event of past) {
    if (event.arrivalMs > nowMs) break;
    void log.append({ records: [Buffer.from(event.json)], ingestTimeMs: event.arrivalMs });
  }
  await log.close();
}

async function askServer(): Promise<void> {
  const { url } = JSON.parse(readFileSync(join(data, "run.json"), "utf8"));
  const tables = [...pipeline.tables.map(({ name }) => name), "alerts"];
  const rows = tables.map((name) => `/v1/tables/${name}?limit=1000`);
  for (const path of ["/", "/v1/tables", "/v1/ledger", ...rows]) {
    const response = await fetch(url + path);
    assert.equal(response.status, 200, path);
    answers.push(await response.text());
  }
  for (const path of ["/live", "/v1/stream?after=0"]) answers.push(await firstEvents(url + path));
}

/** Some of what a stream sends at first. */
async function firstEvents(url: string): Promise<string> {
  const { body } = await fetch(url);
  let text = "";
  for await (const bytes of body ?? []) {
    text += Buffer.from(bytes).toString();
    if (text.length > 10_000) return text;
  }
  return text;
}

/** Each command that shows what is kept, in the lines that a terminal gets too. */
async function lookAround(): Promise<void> {
  const applications = events.flatMap(parsed).map((event) => textAt(event, "application_id"));
  for (const topic of ["applications", "late", "dlq", "alerts", "risk", "fraud"])
    await shows("consume", topic, "--no-follow");
  await shows("dlq", "list");
  for (const id of new Set(applications.filter((each) => each !== null).slice(0, 5))) await shows("why", id);
  await shows("status");
  await shows("doctor", "--port", "0");
  await shows("topics", "list");
}

async function shows(...args: readonly string[]): Promise<void> {
  const { exitCode, stdout, stderr } = await loanstream([...args, "--data-dir", data], {
    LOG_LEVEL: "debug",
  });
  assert.equal(exitCode, 0, `${args}: ${stderr || stdout}`);
  shown.push(stdout, stderr);
}

async function analyzeAll(): Promise<void> {
  const file = written("events.ndjson", events.filter((json) => !isAhead(json)).join("\n"));
  await says("analyze", ["analyze", file, "--out", out], 0);
  await says("analyze, printed", ["analyze", file], 0);
}

/** Each way of going wrong while personal values are at hand. */
async function goWrong(): Promise<void> {
  const some = events.filter((json) => !isAhead(json)).slice(0, 600);
  const broken = written("broken.ndjson", some.flatMap(brokenWays).join("\n"));
  await says("broken records", ["analyze", broken, "--out", outOfBroken], 0);
  await says("broken cells", ["analyze", written("broken.csv", csvOf(some)), "--json"], 0);
  const names = personal.join(",");
  const cells = [...people.values()].map((values) => values.values().next().value).join(",");
  await says("no header", ["analyze", written("bare.csv", `${cells},${cells}\n${cells}\n`)], 1);
  await says("an open quote", ["analyze", written("open.csv", `${names}\n"${cells}\n`)], 1);
  const label = ["--label", "applicant.last_name", "--positive", "no one"];
  await says("no score", ["evaluate", broken, ...label], 2);
  await says("one class", ["evaluate", broken, ...label, "--pipeline", "examples/german-credit"], 1);
  await says("a broken card", ["check", "--pipeline", pipelineWithBrokenCard()], 2);
  await says("a torn log", ["run", "--port", "0", "--data-dir", dataWithTornLog()], 1);
}

/** In a file, which has no time of arrival, an event of the far future would make all that follow it late. */
function isAhead(json: string): boolean {
  const [event] = parsed(json);
  return Date.parse(textAt(event, "event_time") ?? "") > Date.now();
}

async function says(what: string, args: readonly string[], expectedCode: number): Promise<void> {
  const { exitCode, stdout, stderr } = await loanstream(args, { LOG_LEVEL: "debug" });
  assert.equal(exitCode, expectedCode, `${what}: ${stderr}`);
  said.set(what, stdout + stderr);
}

function written(name: string, text: string): string {
  const path = join(scratch, name);
  writeFileSync(path, text);
  return path;
}

/** Cut off, with a personal value where another is expected, as a name, and bare. */
function brokenWays(json: string): string[] {
  const [event] = parsed(json);
  const email = textAt(event, "applicant.email");
  if (email === null) return [json];
  const street = textAt(event, "applicant.address.street") ?? "";
  return [
    json.slice(0, json.indexOf(email) + email.length),
    json.replace(/"channel":"\w+"/, `"channel":${JSON.stringify(email)}`),
    json.replace('"channel":', `${JSON.stringify(street)}:`),
    json.replace(/"date_of_birth":"/, `"date_of_birth":"${email}`),
    street,
    json,
  ];
}

/** The events as rows, every seventh a cell short and every fifth with an e-mail where a number belongs. */
function csvOf(lines: readonly string[]): string {
  const paths = pipeline.schema.leaves.map(({ path }) => path);
  const rows = lines.flatMap(parsed).map((event, index) => {
    const cells = paths.map((path) => `"${(textAt(event, path) ?? "").replaceAll('"', '""')}"`);
    const amount = paths.indexOf("loan.amount_cents");
    if (index % 5 === 0) cells[amount] = cells[paths.indexOf("applicant.email")] ?? "";
    return cells.slice(index % 7 === 0 ? 1 : 0).join(",");
  });
  return [paths.join(","), ...rows].join("\n");
}

function copyOf(folder: string): string {
  const copy = mkdtempSync(join(scratch, "copy-"));
  cpSync(folder, copy, { recursive: true });
  return copy;
}

function pipelineWithBrokenCard(): string {
  const copy = copyOf(pipelineFolder);
  const card = join(copy, "scorecards/risk.yaml");
  writeFileSync(card, readFileSync(card, "utf8").replaceAll("credit_score <", "applicant.last_name <"));
  return copy;
}

function dataWithTornLog(): string {
  const copy = copyOf(data);
  for (const name of readdirSync(join(copy, "log"))) {
    const path = join(copy, "log", name);
    truncateSync(path, Math.floor(statSync(path).size / 2));
  }
  return copy;
}

function rowsOfStore(): string {
  const database = new DatabaseSync(join(data, STORE_FILE), { readOnly: true });
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  const rows = tables.flatMap(({ name }) => {
    const select = database.prepare(`SELECT * FROM "${name}"`);
    select.setReadBigInts(true);
    return select.all().map((row) => Object.values(row).map(String).join("\t"));
  });
  database.close();
  return rows.join("\n");
}

function screen(): string {
  const reader = openStoreReader(data, pipeline);
  const view = reader.newest(10_000);
  reader.close();
  const size = { width: 1000, height: 1_000_000 };
  const status = { state: "live", ratePerSecond: 0, lag: 0 } as const;
  const seen = { url: "", timeZone: pipeline.timeZone, nowMs: Date.now() };
  return liveView(view, status, seen, size).join("\n");
}

function textsIn(directory: string, ending = ""): string {
  const names = readdirSync(directory).filter((name) => name.endsWith(ending));
  return names.map((name) => readFileSync(join(directory, name), "utf8")).join("\n");
}

function parsed(json: string): unknown[] {
  try {
    return [JSON.parse(json)];
  } catch {
    return [];
  }
}

function textAt(event: unknown, path: string): string | null {
  let value = event;
  for (const step of path.split(".")) {
    if (typeof value !== "object" || value === null) return null;
    value = Object.entries(value).find(([name]) => name === step)?.[1];
  }
  if (value === undefined || value === null) return null;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** The values of more than three characters that the events have at each path. */
function valuesIn(found: readonly unknown[], paths: readonly string[]): Map<string, Set<string>> {
  const valuesOf = (path: string) => found.map((event) => textAt(event, path) ?? "");
  return new Map(paths.map((path) => [path, new Set(valuesOf(path).filter(({ length }) => length > 3))]));
}

/** The personal values that stand in a text, in any encoding that bytes may have, by their paths. */
function personalIn(text: string, leastLength = 4): Partial<Record<string, string[]>> {
  const paths = new Map<string, string>();
  for (const [path, values] of people) {
    for (const value of [...values].filter(({ length }) => length >= leastLength)) {
      for (const encoding of ["utf8", "latin1", "utf16le"] as const)
        paths.set(Buffer.from(value, encoding).toString("latin1"), path);
      paths.set(value, path);
    }
  }
  const byStart = Map.groupBy(paths.keys(), (value) => value.slice(0, 4));
  const hits = new Set<string>();
  for (let at = 0; at + 4 <= text.length; at++) {
    for (const value of byStart.get(text.slice(at, at + 4)) ?? [])
      if (text.startsWith(value, at)) hits.add(value);
  }
  return Object.fromEntries(Map.groupBy(hits, (value) => paths.get(value) ?? ""));
}

describe("the output zone of a whole run contains nothing personal:", () => {
  for (const [place, read] of Object.entries(outputZone)) {
    it(place, () => {
      const text = read();
      assert.ok(text.length > 1000, `only ${text.length} characters`);
      assert.deepEqual(personalIn(text, leastLengths[place]), {});
    });
  }
});

describe("this is not for want of looking:", () => {
  it("the same search finds every personal field in the source events, and in bytes", () => {
    const numbers = Object.fromEntries([...people].map(([path, { size }]) => [path, size]));
    for (const path of [
      "applicant.first_name",
      "applicant.last_name",
      "applicant.email",
      "applicant.phone",
      "applicant.address.street",
      "applicant.date_of_birth",
      "behavior.ip",
    ]) {
      assert.ok((numbers[path] ?? 0) > 100, `${path}: ${numbers[path]}`);
    }
    const source = events.slice(0, 600).join("\n");
    assert.deepEqual(Object.keys(personalIn(source)).sort(), [...personal].sort());
    const bytes = Buffer.from(source).toString("latin1");
    assert.deepEqual(Object.keys(personalIn(bytes, 6)).sort(), [...personal].sort());
  });

  it("every place had something of everything, and every error was met", () => {
    const files = [...pipeline.tables.map(({ name }) => name), "alerts", "late", "dlq"];
    assert.deepEqual(
      files.filter((name) => statSync(join(out, `${name}.ndjson`)).size === 0),
      [],
    );
    const database = new DatabaseSync(join(data, STORE_FILE), { readOnly: true });
    const stored = ["alerts", "loanstream_late", "loanstream_dead", "loanstream_snapshots", "risk_scores"];
    const empty = stored.filter((name) => database.prepare(`SELECT 1 FROM "${name}"`).get() === undefined);
    database.close();
    assert.deepEqual(empty, []);
    const codes = [...said.values()].flatMap((text) => text.match(/(?<=\[)[a-z]+\.[a-z-]+(?=\])/g) ?? []);
    const expected = ["file.csv-malformed", "evaluate.no-score", "evaluate.one-class", "sql.unknown-column"];
    assert.deepEqual(new Set(codes), new Set([...expected, "store.behind-log"]));
  });
});

it("the source zone holds events as they came, and only its owner may read it", () => {
  const names = readdirSync(join(data, "log"));
  assert.ok(names.length >= 2);
  for (const name of names) assert.equal(statSync(join(data, "log", name)).mode & 0o777, 0o600, name);
  assert.equal(statSync(join(data, "log")).mode & 0o777, 0o700);
});
