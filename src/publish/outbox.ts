/** What a store committed and its publisher did not make known before a process ended. */
import type { DeadLetter, RecordPlace } from "../engine/engine.ts";
import { reaches } from "../eventlog/positions.ts";
import { ALERTS } from "../pipeline/alerts.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import type { Change } from "../store/changes.ts";
import type { LetterReader } from "../store/letters.ts";
import { type LogOfRecords, recordsAt } from "../topics/event-records.ts";
import { NOTHING } from "./nothing.ts";
import type { CameRecord, Mark, Publication, Published, Publisher } from "./publisher.ts";

type Reached = Pick<Mark, "seq" | "positions">;

/**
 * Where the outputs stand beside the store: `behind`, and the outbox is to be sent; `ahead`, since the store is an older
 * copy, and has to catch up; `apart` where neither is a continuation of the other.
 */
export type Standing = "equal" | "behind" | "ahead" | "apart";

export function standingOf(published: Reached | null, store: Reached): Standing {
  const outputs = published ?? NOTHING;
  const [isReached, reachesIt] = [
    reaches(store.positions, outputs.positions),
    reaches(outputs.positions, store.positions),
  ];
  if (!isReached && !reachesIt) return "apart";
  if (isReached && reachesIt && outputs.seq === store.seq) return "equal";
  if (isReached && outputs.seq <= store.seq) return "behind";
  return reachesIt && outputs.seq >= store.seq ? "ahead" : "apart";
}

/** As the store's reader has it. */
export interface OutboxStore {
  changes(tables: readonly string[], afterSeq: number, limit: number): readonly Change[];
  readonly lateRecords: LetterReader<RecordPlace>;
  readonly deadLetters: LetterReader<DeadLetter>;
}

export interface Outbox {
  readonly pipeline: Pick<Pipeline, "tables">;
  readonly store: OutboxStore;
  readonly committed: Mark;
  /** By partition, for the records that came late or dead. */
  readonly log: readonly LogOfRecords[];
}

export interface Sent {
  readonly changes: number;
  readonly late: number;
  readonly dead: number;
  /** Records, late or dead, that the log no longer keeps. */
  readonly gone: number;
}

const CHANGES_AT_ONCE = 5_000;
const LETTERS_AT_ONCE = 1_000;

/**
 * Sends what the outputs lack, where they are `behind`: in pages, each a transaction, so that an end in between doubles
 * nothing. A window's row that was replaced since is sent as it is now.
 */
export async function sendOutbox(
  publisher: Publisher,
  outbox: Outbox,
  changesAtOnce = CHANGES_AT_ONCE,
): Promise<Sent> {
  const { store, committed, pipeline } = outbox;
  const before = publisher.published ?? NOTHING;
  const names = [...pipeline.tables.map(({ name }) => name), ALERTS];
  const late = await cameOf(store.lateRecords, before, outbox);
  const dead = await cameOf(store.deadLetters, before, outbox);
  let changes = 0;
  for (let afterSeq = before.seq; ; ) {
    const page = store.changes(names, afterSeq, changesAtOnce);
    const isLast = page.length < changesAtOnce;
    changes += page.length;
    afterSeq = page.at(-1)?.seq ?? afterSeq;
    const upTo: Mark = isLast ? committed : { ...before, seq: afterSeq };
    const { seq, positions, triggered } = upTo;
    const letters = isLast ? { late: late.found, dead: dead.found } : { late: [], dead: [] };
    await sendOne(publisher, { seq, positions, triggered, tables: tablesOf(page), ...letters });
    if (isLast) break;
  }
  const gone = late.gone + dead.gone;
  return { changes, late: late.found.length, dead: dead.found.length, gone };
}

async function sendOne(publisher: Publisher, publication: Publication): Promise<void> {
  await publisher.begin();
  await publisher.publish(publication);
}

function tablesOf(changes: readonly Change[]): Publication["tables"] {
  const byTable = Map.groupBy(changes, ({ table }) => table);
  return [...byTable].map(([table, of]) => ({ table, rows: of.map(({ row }) => row) }));
}

/** The letters that stand at or behind what is published, with their records. */
async function cameOf<Letter extends RecordPlace>(
  read: LetterReader<Letter>,
  { positions }: Pick<Published, "positions">,
  { log }: Outbox,
): Promise<{ readonly found: readonly (Letter & CameRecord)[]; readonly gone: number }> {
  const found: (Letter & CameRecord)[] = [];
  let gone = 0;
  for (const [partition, records] of log.entries()) {
    for (const letters of pagesOf(read, partition, positions[partition] ?? 0)) {
      const kept = await recordsAt(records, letters);
      for (const letter of letters) {
        const record = kept.get(letter.position)?.value;
        if (record) found.push({ ...letter, record });
        else gone++;
      }
    }
  }
  return { found, gone };
}

function* pagesOf<Letter extends RecordPlace>(
  read: LetterReader<Letter>,
  partition: number,
  fromPosition: number,
): Generator<readonly Letter[], void> {
  for (let after = fromPosition - 1; ; ) {
    const page = read({ limit: LETTERS_AT_ONCE, after: { partition, position: after } });
    const own = page.filter((letter) => letter.partition === partition);
    if (own.length > 0) yield own;
    if (own.length < LETTERS_AT_ONCE) return;
    after = own.at(-1)!.position;
  }
}
