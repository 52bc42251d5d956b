/** Where events come from, and where commits leave to. */
import { join } from "node:path";
import { rawIdentifiers } from "../../../contract/raw-identifiers.ts";
import type { PartitionedLog } from "../../../eventlog/event-log.ts";
import { EMBEDDED, onePartition } from "../../../eventlog/one-partition.ts";
import { nodeDirectory } from "../../../eventlog/segments/segment-file.ts";
import { openSegmentLog } from "../../../eventlog/segments/segment-log.ts";
import { createLogger, type LogSettings } from "../../../log.ts";
import { publishesNothing } from "../../../publish/nothing.ts";
import type { Publisher } from "../../../publish/publisher.ts";
import { openStoreReader } from "../../../store/sqlite-reader.ts";
import type { KafkaIdentity, ThreadSettings } from "./messages.ts";
import type { OpenOutbox } from "./publish-rest.ts";

export interface Ends {
  readonly log: PartitionedLog;
  readonly publisher: Publisher;
  readonly outbox: OpenOutbox | null;
}

/** Kafka, or the data directory's own log and nowhere. @param storeId that of the directory's store */
export async function openEnds(settings: ThreadSettings, storeId: string, logs: LogSettings): Promise<Ends> {
  const { pipeline, dataDirectory, kafka } = settings;
  if (kafka) {
    const ends = await openKafka(settings, kafka, storeId, logs);
    return { ...ends, outbox: () => openStoreReader(dataDirectory, pipeline) };
  }
  const log = await openSegmentLog(await nodeDirectory(join(dataDirectory, "log")), {
    retention: { ...pipeline.log, nowMs: Date.now },
    logger: createLogger("log", logs),
  });
  return { log: onePartition(log, EMBEDDED), publisher: publishesNothing, outbox: null };
}

/** The Kafka client is loaded for Kafka alone. */
async function openKafka(
  { pipeline }: ThreadSettings,
  { settings, applicationId }: KafkaIdentity,
  storeId: string,
  logs: LogSettings,
): Promise<Pick<Ends, "log" | "publisher">> {
  const { openKafkaLog } = await import("../../../eventlog/kafka/kafka-log.ts");
  const { openKafkaPublisher } = await import("../../../publish/kafka.ts");
  const { tellTroubles } = await import("../../../kafka/troubles.ts");
  const { topic, key } = pipeline.source;
  const forbidden = rawIdentifiers(pipeline.schema);
  const log = await openKafkaLog(settings, { topic, key, forbidden, logger: createLogger("log", logs) });
  try {
    const logger = createLogger("publisher", logs);
    const troubles = tellTroubles(logger, Date.now, "what is committed is published again");
    const publisher = await openKafkaPublisher(settings, {
      ...{ applicationId, pipeline, storeId },
      onTrouble: troubles.began,
      signal: new AbortController().signal,
      nowMs: Date.now,
    });
    troubles.passed();
    const publish: Publisher["publish"] = async (publication) => {
      await publisher.publish(publication);
      troubles.passed();
    };
    return { log, publisher: { ...publisher, publish } };
  } catch (error) {
    await log.close();
    throw error;
  }
}
