/** Snapshots of the engine's state, and the triggers since the oldest of them: what recovery begins with. */
import type { DatabaseSync } from "node:sqlite";
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { crc32c } from "../crc32c.ts";
import type { Commit, Snapshot } from "./store.ts";

const SNAPSHOTS_KEPT = 2;
/** A fifth of the size, at a fraction of what writing the rest would cost. */
const FAST = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

export interface RecoveryPoints {
  /** To be called within a commit's transaction. */
  write(commit: Commit): void;
  snapshots(): Generator<Snapshot>;
  triggers(afterPosition: number): readonly number[];
  neededFrom(): number;
}

export function recoveryPoints(database: DatabaseSync): RecoveryPoints {
  const writeTrigger = database.prepare("INSERT OR IGNORE INTO loanstream_triggers VALUES (?)");
  const writeSnapshot = database.prepare("INSERT INTO loanstream_snapshots VALUES (NULL, ?, ?, ?, ?)");
  const pruneSnapshots = database.prepare(`DELETE FROM loanstream_snapshots WHERE id NOT IN
    (SELECT id FROM loanstream_snapshots ORDER BY id DESC LIMIT ${SNAPSHOTS_KEPT})`);
  const pruneTriggers = database.prepare(`DELETE FROM loanstream_triggers
    WHERE position < (SELECT min(position) FROM loanstream_snapshots)`);
  const readSnapshots = database.prepare("SELECT * FROM loanstream_snapshots ORDER BY id DESC");
  const readTriggers = database.prepare(
    "SELECT position FROM loanstream_triggers WHERE position > ? ORDER BY position",
  );
  const count = database.prepare(
    "SELECT count(*) AS count, min(position) AS oldest FROM loanstream_snapshots",
  );

  return {
    write({ position, trigger, snapshot }) {
      if (trigger) writeTrigger.run(position);
      if (snapshot === null) return;
      const takenAt = new Date(snapshot.takenAtMs).toISOString();
      const state = zstdCompressSync(snapshot.state, FAST);
      writeSnapshot.run(position, takenAt, crc32c(state), state);
      pruneSnapshots.run();
      pruneTriggers.run();
    },
    *snapshots() {
      for (const { position, taken_at: takenAt, crc32c: crc, state } of readSnapshots.all()) {
        if (!(state instanceof Uint8Array) || crc32c(state) !== crc) continue;
        const takenAtMs = Date.parse(String(takenAt));
        yield { position: Number(position), takenAtMs, state: zstdDecompressSync(state) };
      }
    },
    triggers: (afterPosition) => readTriggers.all(afterPosition).map(({ position }) => Number(position)),
    neededFrom() {
      const row = count.get();
      return row?.count === SNAPSHOTS_KEPT ? Number(row.oldest) : 0;
    },
  };
}
