/** How far the last commit came, as the store's reader and its writer read it. */
import type { DatabaseSync } from "node:sqlite";
import type { Ledger } from "../engine/engine.ts";
import type { Positions } from "../eventlog/positions.ts";
import type { Progress } from "./store.ts";

export function readProgress(database: DatabaseSync): Progress {
  const row = database.prepare("SELECT * FROM loanstream_progress").get();
  const text = (value: unknown) => (typeof value === "string" ? value : null);
  const watermark = text(row?.watermark);
  const ledger = text(row?.ledger);
  return {
    storeId: String(row?.store_id ?? ""),
    log: text(row?.log),
    begun: text(row?.begun) === null ? null : positionsFrom(row?.begun),
    following: row?.following === 1,
    positions: positionsFrom(row?.positions),
    seq: Number(row?.seq ?? 0),
    ownerEpoch: Number(row?.owner_epoch ?? 0),
    watermarkMs: watermark === null ? null : Date.parse(watermark),
    ledger: ledger === null ? null : ledgerFrom(ledger),
  };
}

/** As they are stored: JSON. */
export function positionsFrom(text: unknown): Positions {
  return typeof text === "string" ? JSON.parse(text) : [];
}

/** What `JSON.stringify` of a ledger gives; only this store writes it. */
function ledgerFrom(text: string): Ledger {
  return JSON.parse(text);
}
