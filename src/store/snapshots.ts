/** Snapshots of the engine's state, and the journal since the oldest of them: what recovery begins with. */
import type { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { constants, crc32, zstdCompress, zstdDecompressSync } from "node:zlib";
import type { Positions } from "../eventlog/positions.ts";
import { positionsFrom } from "./progress.ts";
import type { Commit, JournalEntry, KeptEntry, PackedState, Snapshot } from "./store.ts";

const SNAPSHOTS_KEPT = 2;
/** A fifth of the size, at a fraction of what writing the rest would cost. */
const FAST = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
const compress = promisify(zstdCompress);

/** A state as it is kept; another thread does the work. */
export const packState = (state: Uint8Array): Promise<Uint8Array> => compress(state, FAST);

export interface RecoveryPoints {
  /** To be called within a commit's transaction. */
  write(commit: Commit): void;
  /** To be called within a transaction. */
  keep(state: PackedState): void;
  journalEnd(): number;
  snapshots(): Generator<Snapshot>;
  journal(fromId: number): readonly KeptEntry[];
  neededFrom(): Positions;
}

export function recoveryPoints(database: DatabaseSync): RecoveryPoints {
  const writeEntry = database.prepare("INSERT INTO loanstream_journal VALUES (NULL, ?)");
  const writeSnapshot = database.prepare("INSERT INTO loanstream_snapshots VALUES (NULL, ?, ?, ?, ?, ?)");
  const readEnd = database.prepare("SELECT max(id) AS id FROM loanstream_journal");
  const pruneSnapshots = database.prepare(`DELETE FROM loanstream_snapshots WHERE id NOT IN
    (SELECT id FROM loanstream_snapshots ORDER BY id DESC LIMIT ${SNAPSHOTS_KEPT})`);
  const pruneJournal = database.prepare(`DELETE FROM loanstream_journal
    WHERE id < (SELECT min(journal_id) FROM loanstream_snapshots)`);
  const readSnapshots = database.prepare("SELECT * FROM loanstream_snapshots ORDER BY id DESC");
  const readJournal = database.prepare("SELECT * FROM loanstream_journal WHERE id >= ? ORDER BY id");
  const readPositions = database.prepare("SELECT positions FROM loanstream_snapshots ORDER BY id");

  return {
    write({ steps, trigger }) {
      if (steps.length > 0 || trigger !== null) writeEntry.run(entryToText({ steps, trigger }));
    },
    keep({ positions, journalId, takenAtMs, packed }) {
      const takenAt = new Date(takenAtMs).toISOString();
      writeSnapshot.run(journalId, JSON.stringify(positions), takenAt, crc32(packed), packed);
      pruneSnapshots.run();
      pruneJournal.run();
    },
    journalEnd: () => Number(readEnd.get()?.id ?? 0),
    *snapshots() {
      for (const row of readSnapshots.all()) {
        const { state } = row;
        const isWhole = state instanceof Uint8Array && crc32(state) === row.crc32;
        yield {
          positions: positionsFrom(row.positions),
          journalId: Number(row.journal_id),
          takenAtMs: Date.parse(String(row.taken_at)),
          state: isWhole ? zstdDecompressSync(state) : null,
        };
      }
    },
    journal: (fromId) =>
      readJournal.all(fromId).map(({ id, entry }) => ({ id: Number(id), ...entryFrom(String(entry)) })),
    neededFrom() {
      const kept = readPositions.all();
      return kept.length === SNAPSHOTS_KEPT ? positionsFrom(kept[0]?.positions) : [];
    },
  };
}

/** A step as [partition, toPosition, …unread]; the partitions unread at the trigger behind them, null for no trigger. */
type EntryText = readonly [steps: readonly (readonly number[])[], trigger: readonly number[] | null];

function entryToText({ steps, trigger }: JournalEntry): string {
  const entry: EntryText = [
    steps.map(({ partition, toPosition, unread }) => [partition, toPosition, ...unread]),
    trigger?.unread ?? null,
  ];
  return JSON.stringify(entry);
}

function entryFrom(text: string): JournalEntry {
  const [steps, trigger]: EntryText = JSON.parse(text);
  return {
    steps: steps.map(([partition = 0, toPosition = 0, ...unread]) => ({ partition, toPosition, unread })),
    trigger: trigger && { unread: trigger },
  };
}
