import { after, test } from "node:test";
import type { EventLog } from "../../src/eventlog/event-log.ts";
import { openKafkaLog } from "../../src/eventlog/kafka/kafka-log.ts";
import { SILENT } from "../../src/log.ts";
import { eventLogConformance } from "../conformance/event-log.ts";
import { kafkaWithTopics } from "./broker.ts";

let skipped = false;
const kafka = await kafkaWithTopics({
  after,
  skip: () => {
    skipped = true;
  },
});

if (kafka === null) test("a partition of a topic of Kafka as an event log", (t) => t.skip(String(skipped)));
else
  eventLogConformance("a partition of a topic of Kafka", async () => {
    const topic = await kafka.topic(1);
    return {
      async open(): Promise<EventLog> {
        const log = await openKafkaLog(kafka.settings, { topic, key: null, forbidden: [], logger: SILENT });
        return { ...log.partitions[0]!, close: log.close };
      },
    };
  });
