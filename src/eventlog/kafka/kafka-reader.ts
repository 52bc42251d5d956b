/** A topic's partitions as they are read beside whoever follows them. */
import { type RecordBatch, recordsBetween } from "../../engine/batch.ts";
import type { LoanstreamError } from "../../errors.ts";
import { openAdmin } from "../../kafka/admin.ts";
import { openCluster } from "../../kafka/cluster.ts";
import { probe } from "../../kafka/probe.ts";
import { PATIENT } from "../../kafka/retry.ts";
import type { KafkaSettings } from "../../kafka/settings.ts";
import type { LogCheck, LogReader, LogReaders } from "../event-log.ts";
import { openAside } from "./aside.ts";
import { gone, met } from "./failures.ts";
import type { PartitionSource } from "./source.ts";
import { identityOf, topicAtTime, topicBounds } from "./topic-bounds.ts";

export interface KafkaLogReaderOptions {
  readonly topic: string;
  /** Told of what passes by itself, such as a broker that restarts. */
  readonly onTrouble?: (trouble: LoanstreamError) => void;
}

const REQUEST_TIMEOUT_MS = 15_000;
const CHECKED_POSITIONS = 1000;

/**
 * Of what is committed. Each partition's connects when it is first asked. Throws what keeps the
 * first connection from coming about, and `kafka.topic-missing`.
 */
export async function openKafkaLogReader(
  settings: KafkaSettings,
  { topic, onTrouble = () => {} }: KafkaLogReaderOptions,
): Promise<LogReaders> {
  const cluster = await openCluster(settings, REQUEST_TIMEOUT_MS);
  try {
    await probe(settings);
    const { topicId, bounds } = await topicBounds(cluster, topic, { ...PATIENT, onTrouble });
    const trouble = { began: onTrouble, passed() {} };
    const partitions = await Promise.all(
      bounds.map((_, partition) => partitionReader({ settings, topic, topicId, partition, trouble })),
    );
    return { identity: identityOf({ topicId }), partitions };
  } finally {
    await cluster.close();
  }
}

async function partitionReader(place: Omit<PartitionSource, "learn">): Promise<LogReader> {
  const { settings, topic, partition, trouble } = place;
  const patience = { ...PATIENT, onTrouble: trouble.began };
  const cluster = await openCluster(settings, REQUEST_TIMEOUT_MS);
  let known = 0;
  const aside = openAside({
    ...place,
    learn({ lastStableOffset }) {
      known = Math.max(known, lastStableOffset);
    },
  });

  async function look() {
    const { bounds } = await topicBounds(cluster, topic, patience);
    const found = bounds[partition] ?? { start: 0, end: 0 };
    known = Math.max(known, found.end);
    return found;
  }

  async function* read(
    fromPosition: number,
    toPosition = Number.POSITIVE_INFINITY,
  ): AsyncGenerator<RecordBatch> {
    const { start } = await look();
    if (fromPosition < start) throw gone(place, fromPosition, start);
    let at = fromPosition;
    try {
      for await (const batch of aside.read(fromPosition, () => Math.min(known, toPosition))) {
        const wanted = recordsBetween(batch, at, toPosition);
        if (wanted.count <= 0) return;
        at = wanted.basePosition + wanted.count;
        yield wanted;
      }
    } catch (error) {
      throw await met(error, place, at, look);
    }
  }

  async function check(): Promise<LogCheck> {
    const { start, end } = await look();
    let newestRecords = 0;
    for await (const { count } of read(Math.max(start, end - CHECKED_POSITIONS), end)) newestRecords += count;
    return { segments: 1, newestRecords };
  }

  return {
    start: async () => (await look()).start,
    end: async () => (await look()).end,
    read,
    async positionAtTime(ingestTimeMs) {
      const { end } = await look();
      const found = (await topicAtTime(cluster, topic, ingestTimeMs, patience))[partition] ?? -1;
      return found < 0 ? end : found;
    },
    async bytes() {
      const admin = await openAdmin(settings);
      try {
        const [found] = await admin.describe([topic]);
        return found?.partitions[partition]?.bytes ?? 0;
      } finally {
        await admin.close();
      }
    },
    check,
    async close() {
      await aside.close();
      await cluster.close();
    },
  };
}
