import { after, test } from "node:test";
import { openKafkaLog } from "../../src/eventlog/kafka/kafka-log.ts";
import { SILENT } from "../../src/log.ts";
import { eventLogConformance } from "../conformance/event-log.ts";
import { kafkaWithTopics } from "./broker.ts";

const kafka = await kafkaWithTopics({
  after,
  skip: (why) => test("a partition of a topic of Kafka as an event log", (t) => t.skip(why)),
});

if (kafka !== null)
  eventLogConformance("a partition of a topic of Kafka", async () => {
    const topic = await kafka.topic(1);
    return {
      async open() {
        const log = await openKafkaLog(kafka.settings, { topic, key: null, forbidden: [], logger: SILENT });
        return { ...log.partitions[0]!, close: log.close };
      },
    };
  });
