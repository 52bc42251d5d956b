/** A store that a test writes, and the server over it, on a free port. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { TableRows } from "../../src/engine/engine.ts";
import { createLogger } from "../../src/log.ts";
import type { ServerParts, Status } from "../../src/server/parts.ts";
import { startServer } from "../../src/server/server.ts";
import { openStoreReader, type StoreReader } from "../../src/store/sqlite-reader.ts";
import { openStore } from "../../src/store/sqlite-store.ts";
import type { Commit } from "../../src/store/store.ts";
import { pipelineWithAlert } from "../store/small-pipeline.ts";

export const live: Status = {
  state: "live",
  history: null,
  ratePerSecond: 3,
  lag: 0,
  slowestTriggerMs: null,
  startedAtMs: 0,
  failure: null,
};

export interface Served {
  readonly url: string;
  readonly reader: StoreReader;
  put(tables: readonly TableRows[], over?: Partial<Commit>): void;
  get(path: string, init?: RequestInit): Promise<Response>;
  close(): Promise<void>;
}

export const silent = createLogger("server", {
  levels: { general: "silent", components: new Map() },
  terminal: false,
  nowMs: Date.now,
  write: () => {},
});

export async function served(t: TestContext, over: Partial<ServerParts> = {}): Promise<Served> {
  const directory = mkdtempSync(join(tmpdir(), "loanstream-server-"));
  const store = openStore(directory, pipelineWithAlert);
  const reader = openStoreReader(directory, pipelineWithAlert);
  const server = await startServer({
    pipeline: pipelineWithAlert,
    reader: () => reader,
    status: () => live,
    admin: null,
    host: "127.0.0.1",
    port: 0,
    logger: silent,
    nowMs: Date.now,
    ...over,
  });
  t.after(async () => {
    await server.close();
    reader.close();
    store.close();
    rmSync(directory, { recursive: true });
  });
  let position = 0;
  return {
    url: server.url,
    reader,
    put: (tables, rest = {}) => {
      position++;
      store.commit({ positions: [position], steps: [], tables, ...nothingElse, ...rest });
    },
    get: (path, init) => fetch(`${server.url}${path}`, init),
    close: server.close,
  };
}

const nothingElse = {
  late: [],
  dead: [],
  ledger: { source: { read: 0, accepted: 0, late: 0, duplicate: 0, dead: 0 }, tables: {} },
  watermarkMs: null,
  trigger: null,
};

export const score = (id: string, over: Partial<ScoreValues> = {}) => {
  const { amountCents, value, manual, reasons, timeMs } = { ...usual, ...over };
  return [id, amountCents, value, manual, reasons, timeMs];
};

interface ScoreValues {
  readonly amountCents: number | bigint | null;
  readonly value: number | null;
  readonly manual: boolean | null;
  readonly reasons: readonly string[] | null;
  readonly timeMs: number;
}

const usual: ScoreValues = {
  amountCents: 1_000_000,
  value: 0.5,
  manual: false,
  reasons: ["email"],
  timeMs: 1000,
};

export const scores = (...rows: TableRows["rows"]): TableRows => ({ table: "scores", rows });
export const windows = (...rows: TableRows["rows"]): TableRows => ({ table: "windows", rows });
export const raised = (...ids: string[]): TableRows => ({
  table: "_large",
  rows: ids.map((id) => [id, "e1"]),
});
