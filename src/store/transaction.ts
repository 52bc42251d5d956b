/** Writing the store: all of a piece of work or none of it, and by its owner alone. */
import type { DatabaseSync } from "node:sqlite";
import { fail, type LoanstreamError } from "../errors.ts";
import { storeError } from "./sqlite-error.ts";

/** Throws `store.owner-lost`, and what `storeError` gives; nothing is written then. */
export type Transact = <T>(work: () => T) => T;

/** Transactions of whoever owns the store now. `file` is for messages. */
export function ownersTransactions(database: DatabaseSync, file: string): Transact {
  const epoch = database.prepare("SELECT owner_epoch FROM loanstream_progress");
  const own = epoch.get()?.owner_epoch;
  return (work) => {
    try {
      database.exec("BEGIN IMMEDIATE");
      if (epoch.get()?.owner_epoch !== own) throw ownerLost();
      const result = work();
      database.exec("COMMIT");
      return result;
    } catch (error) {
      if (database.isTransaction) database.exec("ROLLBACK");
      throw storeError(error, file);
    }
  };
}

function ownerLost(): LoanstreamError {
  const remedy = "Let the other process go on, or stop it and start again.";
  return fail("store.owner-lost", "another process took this data directory over", remedy);
}
