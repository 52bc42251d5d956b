/** Repaired dead letters into the log: each once, even if the process ends between the append and the note of it. */
import { createHash } from "node:crypto";
import { fail } from "../../../errors.ts";
import type { Append, EventLog, PartitionedLog } from "../../../eventlog/event-log.ts";
import type { Intent, Settled } from "../../../store/retries.ts";
import type { Store } from "../../../store/store.ts";
import type { RecordPlace } from "../../engine.ts";
import type { Patiently } from "./patiently.ts";

/** A dead letter by its place, and its repaired form as one line of JSON without a line end. */
export interface RepairedLetter extends RecordPlace {
  readonly record: Uint8Array;
}

export interface Retried extends RecordPlace {
  /** Where the repaired record stands. */
  readonly retriedAs: RecordPlace;
  /** It has stood there before; what was given now was not appended. */
  readonly already: boolean;
}

interface RetryParts {
  readonly log: PartitionedLog;
  readonly store: Store;
  readonly append: (batch: Append) => Promise<readonly RecordPlace[]>;
  readonly writing: Patiently;
  readonly nowMs: () => number;
}

/** Appends repaired letters, one call after the other. */
export interface RetryQueue {
  /** Each once however often it is asked for. Throws `dlq.not-dead`, `dlq.undecided`; nothing was appended then. */
  retry(letters: readonly RepairedLetter[]): Promise<readonly Retried[]>;
  /** Resolves when what was asked for so far is done. */
  idle(): Promise<void>;
}

export function retryQueue(parts: RetryParts): RetryQueue {
  let last: Promise<unknown> = Promise.resolve();
  return {
    retry(letters) {
      const done = last.then(() => appendRepaired(letters, parts));
      last = done.catch(() => {});
      return done;
    },
    async idle() {
      await last;
    },
  };
}

async function appendRepaired(
  letters: readonly RepairedLetter[],
  { log, store, append, writing, nowMs }: RetryParts,
): Promise<readonly Retried[]> {
  const { retries } = store;
  for (const letter of letters) if (!retries.isDead(letter)) throw notDead(letter);
  await settleRetries(log, store, writing);
  refuseUndecided(letters, retries.unsettled());
  const known = letters.map((letter) => retries.retriedAs(letter));
  const fresh = distinct(letters.filter((_, i) => known[i] === null));
  const intents = fresh.map(({ record, ...place }) => {
    const toPartition = log.partitionOf(record);
    return { ...place, toPartition, logEnd: log.partitions[toPartition]!.end(), hash: hashOf(record) };
  });
  await writing(() => retries.begin(intents));
  const places = await append({ records: fresh.map(({ record }) => record), ingestTimeMs: nowMs() });
  const settled = fresh.map(({ record, ...place }, i) => ({ ...place, retriedAs: places[i]! }));
  await writing(() => retries.settle(settled));
  return letters.map(({ partition, position }, i) => {
    const retriedAs = retries.retriedAs({ partition, position })!;
    return { partition, position, retriedAs, already: known[i] !== null };
  });
}

/** The last of each place. */
function distinct(letters: readonly RepairedLetter[]): readonly RepairedLetter[] {
  return [...new Map(letters.map((letter) => [`${letter.partition}:${letter.position}`, letter])).values()];
}

/** Throws `dlq.undecided`. */
function refuseUndecided(letters: readonly RecordPlace[], intents: readonly Intent[]): void {
  const isSame = (one: RecordPlace, other: RecordPlace) =>
    one.partition === other.partition && one.position === other.position;
  const found = letters.find((letter) => intents.some((intent) => isSame(intent, letter)));
  if (found !== undefined) throw undecided(found);
}

/**
 * Finds out, of retries that were begun and not noted as done, whether their records came into the log. It stays open
 * where that can't be seen yet.
 */
export async function settleRetries(
  log: PartitionedLog,
  { retries }: Pick<Store, "retries">,
  writing: Patiently,
): Promise<void> {
  const settled: Settled[] = [];
  for (const [partition, intents] of Map.groupBy(retries.unsettled(), ({ toPartition }) => toPartition))
    settled.push(...(await settledIn(log.partitions[partition]!, intents, retries)));
  if (settled.length > 0) await writing(() => retries.settle(settled));
}

/** Of retries whose records go to one partition. */
async function settledIn(
  log: EventLog,
  intents: readonly Intent[],
  retries: Store["retries"],
): Promise<readonly Settled[]> {
  const isAll = await log.settled();
  const from = Math.min(...intents.map(({ logEnd }) => logEnd));
  const open = new Set(intents);
  const settled: Settled[] = [];
  for await (const { partition, bytes, offsets, basePosition, count } of log.read(
    Math.max(from, log.start()),
  )) {
    for (let i = 0; i < count && open.size > 0; i += 1) {
      const position = basePosition + i;
      const intent = intentOf(open, position, hashOf(lineAt(bytes, offsets, i)));
      const retriedAs = { partition, position };
      if (!intent || retries.isRepaired(retriedAs)) continue;
      open.delete(intent);
      settled.push({ partition: intent.partition, position: intent.position, retriedAs });
    }
  }
  if (isAll)
    for (const { partition, position } of open) settled.push({ partition, position, retriedAs: null });
  return settled;
}

function intentOf(open: ReadonlySet<Intent>, position: number, hash: string): Intent | undefined {
  for (const intent of open) if (intent.hash === hash && intent.logEnd <= position) return intent;
  return undefined;
}

/** A record without its line end. */
function lineAt(bytes: Uint8Array, offsets: Uint32Array, index: number): Uint8Array {
  const end = offsets[index + 1]!;
  return bytes.subarray(offsets[index], bytes[end - 1] === 0x0a ? end - 1 : end);
}

function hashOf(record: Uint8Array): string {
  return createHash("sha256").update(record).digest("hex");
}

function undecided({ partition, position }: RecordPlace) {
  const message = `whether position ${position} of partition ${partition} was retried can't be seen yet: another's transaction is open in the topic`;
  const remedy =
    "Ask again once it has ended; kafka-transactions.sh find-hanging says who holds one open for long.";
  return fail("dlq.undecided", message, remedy);
}

function notDead({ partition, position }: RecordPlace) {
  const message = `position ${position} of partition ${partition} holds no dead letter`;
  return fail("dlq.not-dead", message, "Take the positions that `loanstream dlq list` shows.");
}
