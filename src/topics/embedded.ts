/** Topics of a data directory: events from the log, what came of them from the store, each in one partition. */
import { ALERTS } from "../pipeline/alerts.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { changeRecords } from "./change-records.ts";
import { type DataReader, dataReader } from "./data-reader.ts";
import { eventRecords, letterRecords } from "./event-records.ts";
import type { PositionedRecords } from "./positioned-records.ts";
import { alertRecords, rowRecords } from "./row-record.ts";
import { isOfSource, type Topic, topicsOf } from "./topic-list.ts";
import type { Start, TopicStatus, Topics } from "./topics.ts";

export function openDataTopics(dataDirectory: string, pipeline: Pipeline): Topics {
  const list = topicsOf(pipeline);
  const data = dataReader(dataDirectory, pipeline);
  const recordsIn = (topic: Topic) => positioned(topic, pipeline, data);
  return {
    list,
    status: (topic) => statusOf(topic, recordsIn(topic), pipeline),
    async open(topic, from) {
      const records = recordsIn(topic);
      let at = await startOf(records, from);
      return {
        async next(limit) {
          const page = await records.read(at, limit);
          at = page.next;
          return page.records;
        },
      };
    },
    close: data.close,
  };
}

async function startOf(records: PositionedRecords, from: Start): Promise<number> {
  if (from === "beginning") return 0;
  return from === "end" ? (await records.bounds()).end : from;
}

function positioned(topic: Topic, { source }: Pipeline, data: DataReader): PositionedRecords {
  switch (topic.kind) {
    case "input":
      return eventRecords(topic, source, data);
    case "output":
      return changeRecords(
        new Map(topic.tables.map((table) => [table.name, rowRecords(topic.name, table)])),
        data,
      );
    case "alerts":
      return changeRecords(new Map([[ALERTS, alertRecords(topic.name)]]), data);
    case "late":
    case "dlq":
      return letterRecords(topic, source, data);
  }
}

async function statusOf(topic: Topic, records: PositionedRecords, { log }: Pipeline): Promise<TopicStatus> {
  const { start, end } = await records.bounds();
  const oldest = await records.read(start, 1);
  const newest = await records.last(end);
  return {
    topic,
    partitions: 1,
    records: await records.count(),
    oldestMs: oldest.records[0]?.timeMs ?? null,
    newestMs: newest?.timeMs ?? null,
    retentionMs: isOfSource(topic) ? log.retentionMs : null,
    retentionBytes: isOfSource(topic) ? log.maxBytes : null,
  };
}
