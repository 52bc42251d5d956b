/** Records of Kafka as records of topics. */
import type { KafkaBatch } from "../kafka/records/record-batches.ts";
import { timeColumn } from "../pipeline/time-column.ts";
import type { ToRecord } from "./kafka-cursor.ts";
import type { Topic } from "./topic-list.ts";
import type { TopicRecord } from "./topics.ts";

const utf8 = new TextDecoder();
const EVENT_TIME = "event_time";

/** What deletes a key is no record of a topic. */
export function recordReader(topic: Topic): ToRecord {
  const timeOf = timeReader(topic);
  return (batch, row) => {
    const { key, deleted, headers } = batch.details(row);
    if (deleted) return null;
    const found = {
      topic: topic.name,
      partition: batch.partition,
      position: batch.basePosition + row,
      key: key === null ? null : utf8.decode(key),
      headers: Object.fromEntries(headers.map((header) => [header.key, utf8.decode(header.value)])),
      value: batch.bytes.subarray(batch.offsets[row], batch.offsets[row + 1]),
    };
    return { ...found, timeMs: timeOf(found, batch, row) };
  };
}

type TimeReader = (
  record: Pick<TopicRecord, "headers" | "value">,
  batch: KafkaBatch,
  row: number,
) => number | null;

/** Of an event the broker's time of it, of what came of it the time that it shows. */
function timeReader({ kind, tables }: Topic): TimeReader {
  if (kind === "alerts") return ({ value }) => timeIn(value, EVENT_TIME);
  if (kind !== "output") return (_, { ingestTimesMs }, row) => knownTime(ingestTimesMs[row] ?? -1);
  const columns = new Map(
    tables.map((table) => [table.name, table.relation.columns[timeColumn(table) ?? -1]?.name ?? null]),
  );
  return ({ headers, value }) => {
    const column = columns.get(headers.output ?? "") ?? null;
    return column === null ? null : timeIn(value, column);
  };
}

const knownTime = (timeMs: number): number | null => (timeMs < 0 ? null : timeMs);

function timeIn(value: Uint8Array, column: string): number | null {
  const row = parsed(value);
  const time = Object.entries(row).find(([name]) => name === column)?.[1];
  const timeMs = typeof time === "string" ? Date.parse(time) : Number.NaN;
  return Number.isNaN(timeMs) ? null : timeMs;
}

/** Anybody may write to a topic. */
function parsed(value: Uint8Array): object {
  try {
    const found: unknown = JSON.parse(utf8.decode(value));
    return typeof found === "object" && found !== null ? found : {};
  } catch {
    return {};
  }
}
