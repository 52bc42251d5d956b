/** Where events come from, and where commits leave to. */
import { join } from "node:path";
import { rawIdentifiers } from "../../../contract/raw-identifiers.ts";
import type { PartitionedLog } from "../../../eventlog/event-log.ts";
import { EMBEDDED, onePartition } from "../../../eventlog/one-partition.ts";
import { nodeDirectory } from "../../../eventlog/segments/segment-file.ts";
import { openSegmentLog } from "../../../eventlog/segments/segment-log.ts";
import { createLogger, type LogSettings } from "../../../log.ts";
import type { Pipeline } from "../../../pipeline/pipeline.ts";
import { publishesNothing } from "../../../publish/nothing.ts";
import type { Publisher } from "../../../publish/publisher.ts";
import { openStoreReader } from "../../../store/sqlite-reader.ts";
import type { Store } from "../../../store/store.ts";
import type { KafkaIdentity, ThreadSettings } from "./messages.ts";
import type { OpenOutbox } from "./reconcile.ts";

export interface Ends {
  readonly log: PartitionedLog;
  readonly openPublisher: () => Promise<Publisher>;
  readonly openOutbox: (() => OpenOutbox) | null;
}

/** Kafka, or the data directory's own log and nowhere. */
export async function openEnds(settings: ThreadSettings, store: Store, logs: LogSettings): Promise<Ends> {
  const { pipeline, dataDirectory, kafka } = settings;
  if (kafka) return openKafka(settings, kafka, store, logs);
  const log = await openSegmentLog(await nodeDirectory(join(dataDirectory, "log")), {
    retention: { ...pipeline.log, nowMs: Date.now },
    logger: createLogger("log", logs),
  });
  return { log: onePartition(log, EMBEDDED), openPublisher: async () => publishesNothing, openOutbox: null };
}

/** The Kafka client is loaded for Kafka alone. */
async function openKafka(
  { pipeline, dataDirectory }: ThreadSettings,
  { settings, applicationId }: KafkaIdentity,
  store: Store,
  logs: LogSettings,
): Promise<Ends> {
  const { openKafkaLog } = await import("../../../eventlog/kafka/kafka-log.ts");
  const { topic, key } = pipeline.source;
  const forbidden = rawIdentifiers(pipeline.schema);
  const logger = createLogger("publisher", logs);
  const published = withGoneTables(pipeline, store.change?.before ?? null);
  return {
    log: await openKafkaLog(settings, { topic, key, forbidden, logger: createLogger("log", logs) }),
    async openPublisher() {
      const { openKafkaPublisher } = await import("../../../publish/kafka.ts");
      const { tellTroubles } = await import("../../../kafka/troubles.ts");
      const troubles = tellTroubles(logger, Date.now, "what is committed is published again");
      const publisher = await openKafkaPublisher(settings, {
        ...{ applicationId, pipeline: published, storeId: store.progress().storeId },
        onTrouble: troubles.began,
        // The thread is ended as a whole.
        signal: new AbortController().signal,
        nowMs: Date.now,
      });
      troubles.passed();
      return whenPublished(publisher, troubles.passed);
    },
    openOutbox() {
      const reader = openStoreReader(dataDirectory, published);
      return { pipeline: published, store: reader, close: reader.close };
    },
  };
}

/** What was committed of tables that a changed pipeline has no more may be unpublished still. */
function withGoneTables(pipeline: Pipeline, before: Pipeline | null): Pipeline {
  const now = new Set(pipeline.tables.map(({ name }) => name));
  const gone = (before?.tables ?? []).filter(({ name }) => !now.has(name));
  return { ...pipeline, tables: [...pipeline.tables, ...gone] };
}

function whenPublished(publisher: Publisher, then: () => void): Publisher {
  return {
    get published() {
      return publisher.published;
    },
    begin: publisher.begin,
    async publish(publication) {
      await publisher.publish(publication);
      then();
    },
    look: publisher.look,
    close: publisher.close,
  };
}
