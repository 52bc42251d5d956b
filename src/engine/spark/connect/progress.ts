/** What Spark tells of a batch of a streaming query. */

/** A batch, or a time without one. Times are milliseconds, of the epoch or long. */
export interface QueryProgress {
  /** Batches of a checkpoint are numbered without gaps, from 0. While there is nothing to do, that of the batch to come. */
  readonly batchId: number;
  /** Whether it is a batch that ran, with or without rows. */
  readonly ran: boolean;
  readonly startedAt: number;
  readonly inputRows: number;
  readonly inputRowsPerSecond: number;
  /** Of the whole trigger, as `triggerExecution`, and of its phases. */
  readonly durationsMs: Readonly<Record<string, number>>;
  /** Null while no event has come. */
  readonly watermark: number | null;
  readonly stateRows: number;
  readonly stateBytes: number;
  /** Rows that each of the operators with a state dropped, in Spark's order. */
  readonly droppedByWatermark: readonly number[];
  /** Of these the rows that dedupe dropped: what is late for it comes to no operator behind it. */
  readonly late: number;
  /** Rows that dedupe dropped for having come before. */
  readonly duplicates: number;
  /** What the query observed, by the observation's name. */
  readonly observed: ReadonlyMap<string, Readonly<Record<string, number>>>;
  readonly outputRows: number | null;
  /** Where the batch ended: by topic and partition, the offset that is read next. */
  readonly endOffsets: Offsets;
  /** Where the topics ended when the batch began; empty where the source doesn't tell. */
  readonly latestOffsets: Offsets;
}

/** Spark's name of `dropDuplicatesWithinWatermark`. */
const DEDUPE = "dedupeWithinWatermark";

export type Offsets = ReadonlyMap<string, ReadonlyMap<number, number>>;

/** Of Spark's JSON. What a version leaves out is zero, null or empty. */
export function parseProgress(json: string): QueryProgress {
  const progress = recordOf(JSON.parse(json));
  const sources = listOf(progress.sources);
  const operators = listOf(progress.stateOperators);
  const watermark = recordOf(progress.eventTime).watermark;
  const watermarkMs = typeof watermark === "string" ? Date.parse(watermark) : 0;
  const outputRows = numberOf(recordOf(progress.sink).numOutputRows);
  const durationsMs = numbersOf(recordOf(progress.durationMs));
  return {
    batchId: numberOf(progress.batchId),
    ran: "addBatch" in durationsMs,
    startedAt: typeof progress.timestamp === "string" ? Date.parse(progress.timestamp) : 0,
    inputRows: sumOf(sources, "numInputRows"),
    inputRowsPerSecond: sumOf(sources, "inputRowsPerSecond"),
    durationsMs,
    watermark: watermarkMs > 0 ? watermarkMs : null,
    stateRows: sumOf(operators, "numRowsTotal"),
    stateBytes: sumOf(operators, "memoryUsedBytes"),
    droppedByWatermark: operators.map((operator) => numberOf(operator.numRowsDroppedByWatermark)),
    late: sumOf(
      operators.filter(({ operatorName }) => operatorName === DEDUPE),
      "numRowsDroppedByWatermark",
    ),
    duplicates: sumOf(
      operators.map(({ customMetrics }) => recordOf(customMetrics)),
      "numDroppedDuplicateRows",
    ),
    observed: new Map(
      Object.entries(recordOf(progress.observedMetrics)).map(([name, row]) => [
        name,
        fieldsOf(recordOf(row)),
      ]),
    ),
    outputRows: outputRows < 0 ? null : outputRows,
    endOffsets: offsetsOf(sources.map(({ endOffset }) => endOffset)),
    latestOffsets: offsetsOf(sources.map(({ latestOffset }) => latestOffset)),
  };
}

/** How many records are behind the end of a batch, by what Spark knew when it began. */
export function lagOf({ endOffsets, latestOffsets }: QueryProgress): number {
  let lag = 0;
  for (const [topic, partitions] of latestOffsets)
    for (const [partition, latest] of partitions)
      lag += Math.max(0, latest - (endOffsets.get(topic)?.get(partition) ?? 0));
  return lag;
}

type Json = Readonly<Record<string, unknown>>;

const recordOf = (value: unknown): Json =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {};

const listOf = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.map(recordOf) : []);

const numberOf = (value: unknown): number =>
  typeof value === "number" && Number.isFinite(value) ? value : 0;

const sumOf = (list: readonly Json[], name: string): number =>
  list.reduce((sum, each) => sum + numberOf(each[name]), 0);

const numbersOf = (record: Json): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, numberOf(value)]));

/** A row comes as its values beside its schema. */
function fieldsOf({ values, schema }: Json): Readonly<Record<string, number>> {
  const all: readonly unknown[] = Array.isArray(values) ? values : [];
  const fields = listOf(recordOf(schema).fields);
  return Object.fromEntries(fields.map(({ name }, index) => [String(name), numberOf(all[index])]));
}

/** Spark Connect gives them as the text of JSON. Several sources over one topic end alike. */
function offsetsOf(sources: readonly unknown[]): Offsets {
  const all = new Map<string, ReadonlyMap<number, number>>();
  for (const source of sources)
    for (const [topic, partitions] of Object.entries(
      recordOf(typeof source === "string" ? JSON.parse(source) : source),
    )) {
      const its = Object.entries(numbersOf(recordOf(partitions)));
      all.set(topic, new Map(its.map(([partition, offset]) => [Number(partition), offset])));
    }
  return all;
}
