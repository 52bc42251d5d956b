/** Topics of events: all of the log, those of them that came too late, and the dead ones. */
import type { RecordBatch } from "../engine/batch.ts";
import type { DeadLetter, RecordPlace } from "../engine/engine.ts";
import { hasCode } from "../errors.ts";
import type { Bounds } from "../eventlog/positions.ts";
import { total } from "../eventlog/positions.ts";
import type { SourceSettings } from "../pipeline/pipeline.ts";
import type { LetterQuery } from "../store/letters.ts";
import type { DataReader } from "./data-reader.ts";
import { deadLetterHeaders, type LogRecord, recordsOf, textReader } from "./event-record.ts";
import type { Page, PositionedRecords } from "./positioned-records.ts";
import type { Topic } from "./topic-list.ts";
import type { TopicRecord } from "./topics.ts";

const NOTHING: Bounds = { start: 0, end: 0 };

export function eventRecords({ name }: Topic, source: SourceSettings, data: DataReader): PositionedRecords {
  const keyOf = textReader(source.key);

  async function bounds(): Promise<Bounds> {
    const [log] = await data.partitions();
    return log === undefined ? NOTHING : { start: await log.start(), end: await log.end() };
  }

  async function read(from: number, limit: number): Promise<Page> {
    const [log] = await data.partitions();
    if (log === undefined) return { records: [], next: from };
    const records: TopicRecord[] = [];
    const first = Math.max(from, await log.start());
    for await (const batch of stillKept(log.read(first))) {
      for (const record of recordsOf(batch)) {
        if (records.length === limit) break;
        records.push({ topic: name, ...record, key: keyOf(record.value), headers: {} });
      }
      if (records.length === limit) break;
    }
    const last = records.at(-1);
    return { records, next: last ? last.position + 1 : from };
  }

  return {
    bounds,
    read,
    last: async (before) => (before === 0 ? null : ((await read(before - 1, 1)).records[0] ?? null)),
    async count() {
      const { start, end } = await bounds();
      return end - start;
    },
  };
}

/** Ends early where the log lets go what is read: that is passed over the next time. */
export async function* stillKept<Batch>(batches: AsyncIterable<Batch>): AsyncGenerator<Batch> {
  try {
    yield* batches;
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

const isGone = (error: unknown) => hasCode(error, "log.position-gone");

/** Between records that are further apart than this nothing is read. */
const NEAR = 500;

/** A log that is only read: its writer's own, or another process's. */
export interface LogOfRecords {
  start(): number | Promise<number>;
  read(fromPosition: number, toPosition?: number): AsyncIterable<RecordBatch>;
}

/** Records of the log by their position, of one partition and ascending; those no longer kept are left out. */
export async function recordsAt(
  log: LogOfRecords,
  places: readonly RecordPlace[],
): Promise<ReadonlyMap<number, LogRecord>> {
  const wanted = new Set(places.map(({ position }) => position));
  const start = await log.start();
  const found = new Map<number, LogRecord>();
  for (const { first, last } of runsOf([...wanted].filter((position) => position >= start)))
    for await (const batch of stillKept(log.read(first, last + 1))) {
      if (batch.basePosition > last) break;
      for (const record of recordsOf(batch))
        if (wanted.has(record.position)) found.set(record.position, record);
    }
  return found;
}

/** What stands at a place; null where it is no longer kept. */
export type RecordAt = (place: RecordPlace) => LogRecord | null;

/** Reads the records at these places, whatever partitions they are in. */
export async function recordsAcross(
  partitions: readonly LogOfRecords[],
  places: readonly RecordPlace[],
): Promise<RecordAt> {
  const found = new Map<number, ReadonlyMap<number, LogRecord>>();
  for (const [partition, its] of Map.groupBy(places, (place) => place.partition)) {
    const log = partitions[partition];
    if (log) found.set(partition, await recordsAt(log, its));
  }
  return ({ partition, position }) => found.get(partition)?.get(position) ?? null;
}

function runsOf(positions: readonly number[]): readonly { first: number; last: number }[] {
  const runs: { first: number; last: number }[] = [];
  for (const position of positions.toSorted((a, b) => a - b)) {
    const run = runs.at(-1);
    if (run && position - run.last <= NEAR) run.last = position;
    else runs.push({ first: position, last: position });
  }
  return runs;
}

type Letter = RecordPlace | DeadLetter;

export function letterRecords(topic: Topic, source: SourceSettings, data: DataReader): PositionedRecords {
  const keyOf = textReader(source.key);
  const dead = topic.kind === "dlq";

  function letters(query: LetterQuery): readonly Letter[] {
    const store = data.store();
    return (dead ? store?.deadLetters(query) : store?.lateRecords(query)) ?? [];
  }

  async function toRecords(of: readonly Letter[]): Promise<readonly TopicRecord[]> {
    const recordAt = await recordsAcross(await data.partitions(), of);
    return of.flatMap((letter) => {
      const found = recordAt(letter);
      if (!found) return [];
      const headers = "reason" in letter ? deadLetterHeaders(source.topic, letter) : {};
      return [{ topic: topic.name, ...found, key: keyOf(found.value), headers }];
    });
  }

  async function read(from: number, limit: number): Promise<Page> {
    const [log] = await data.partitions();
    if (log === undefined) return { records: [], next: from };
    const first = Math.max(from, await log.start());
    const found = letters({ limit, after: { partition: 0, position: first - 1 } });
    const last = found.at(-1);
    return { records: await toRecords(found), next: last ? last.position + 1 : from };
  }

  return {
    bounds: async () => ({ start: 0, end: total(data.store()?.progress().positions ?? []) }),
    read,
    async last() {
      const [record = null] = await toRecords(letters({ limit: 1, newestFirst: true }));
      return record;
    },
    async count() {
      const source = data.store()?.progress().ledger?.source;
      return (dead ? source?.dead : source?.late) ?? 0;
    },
  };
}
