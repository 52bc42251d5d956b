/** A commit as records of Kafka's topics. Pure: the same records as `src/topics` gives of the same rows. */
import { Buffer } from "node:buffer";
import { fail } from "../errors.ts";
import type { Header } from "../kafka/records/record.ts";
import { alertReader, raisedRow } from "../output/alert.ts";
import { ALERTS } from "../pipeline/alerts.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { ownTopics } from "../pipeline/topic-names.ts";
import type { Value } from "../sql/types.ts";
import { deadLetterHeaders, textReader } from "../topics/event-record.ts";
import { alertRecords, rowRecords } from "../topics/row-record.ts";
import type { TopicRecord } from "../topics/topics.ts";
import type { CameRecord, Publication } from "./publisher.ts";

export interface PublishedRecord {
  readonly topic: string;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array;
  readonly headers: readonly Header[];
  /** Of the log's partition that the record came from; null for what was computed. */
  readonly from: number | null;
  /** In its place where the topic refuses it for its size; null where nothing is. */
  readonly smaller: (() => PublishedRecord) | null;
}

/** Says of a record that came late or dead where it stands in the log, since its topic didn't take it. */
export const LEFT_OUT = "loanstream.left_out";

type Row = readonly Value[];
type Told = Pick<Publication, "tables" | "late" | "dead">;

/** Tables may be those of the pipeline, of its alerts' rows, and `alerts` with rows as the store keeps them. */
export function publicationRecords(
  pipeline: Pipeline,
): (publication: Told) => Generator<PublishedRecord, void> {
  const { source } = pipeline;
  const topics = ownTopics(source);
  const writers = rowWriters(pipeline);
  const keyOf = textReader(source.key);

  function came(topic: string, came: CameRecord, headers: readonly Header[]): PublishedRecord {
    const { partition: from, record: value } = came;
    const key = keyOf(value);
    const smaller = () => leftOut(source.topic, came, { topic, headers });
    return { topic, key: key === null ? null : Buffer.from(key), value, headers, from, smaller };
  }

  return function* ({ tables, late, dead }) {
    for (const { table, rows } of tables) {
      const write = writers.get(table);
      if (write === undefined) throw fail("internal.unexpected", `no topic is of ${table}`, "Report it.");
      for (const row of rows) yield write(row);
    }
    for (const record of late) yield came(topics.late, record, []);
    for (const record of dead) {
      yield came(topics.dlq, record, headersOf(deadLetterHeaders(source.topic, record)));
    }
  };
}

/** Without what is of the record itself: its key may be as long. */
function leftOut(
  input: string,
  { partition, position }: CameRecord,
  { topic, headers }: Pick<PublishedRecord, "topic" | "headers">,
): PublishedRecord {
  const why = `too large for this topic: it is record ${position} of partition ${partition} of ${input}`;
  return {
    topic,
    key: null,
    value: Buffer.alloc(0),
    headers: [...headers, ...headersOf({ [LEFT_OUT]: why })],
    from: partition,
    smaller: null,
  };
}

/** None is left out: with a schema that bounds its texts none is too large, else it is sent once the topic takes it. */
function rowWriters({
  tables,
  alerts,
  currency,
  source,
}: Pipeline): ReadonlyMap<string, (row: Row) => PublishedRecord> {
  const raised = alertRecords(ownTopics(source).alerts);
  const ofTable = tables.map((table) => {
    const toRecord = rowRecords(table.topic, table);
    return [table.name, (row: Row) => published(toRecord({ seq: 0, row }))] as const;
  });
  const ofAlert = alerts.map((alert) => {
    const read = alertReader(alert, currency);
    return [alert.rows.name, (row: Row) => published(raised({ seq: 0, row: raisedRow(read(row)) }))] as const;
  });
  return new Map([
    ...ofTable,
    ...ofAlert,
    [ALERTS, (row: Row) => published(raised({ seq: 0, row }))] as const,
  ]);
}

const published = ({ topic, key, value, headers }: TopicRecord): PublishedRecord => ({
  topic,
  key: key === null ? null : Buffer.from(key),
  value,
  headers: headersOf(headers),
  from: null,
  smaller: null,
});

const headersOf = (headers: TopicRecord["headers"]): readonly Header[] =>
  Object.entries(headers).map(([key, value]) => ({ key, value: Buffer.from(value) }));
