/** Events of the log as records of topics. */
import type { RecordBatch } from "../engine/batch.ts";
import type { DeadLetter, RecordPlace } from "../engine/engine.ts";
import type { TopicRecord } from "./topics.ts";

const LINE_END = 0x0a;

export interface LogRecord extends RecordPlace {
  /** When the log took it in. */
  readonly timeMs: number | null;
  /** Without line end. */
  readonly value: Uint8Array;
}

export function* recordsOf(batch: RecordBatch): Generator<LogRecord> {
  const { partition, basePosition, count, bytes, offsets, ingestTimesMs } = batch;
  for (let i = 0; i < count; i++) {
    const end = offsets[i + 1]!;
    const value = bytes.subarray(offsets[i], bytes[end - 1] === LINE_END ? end - 1 : end);
    yield { partition, position: basePosition + i, timeMs: ingestTimesMs?.[i] ?? null, value };
  }
}

/** Reads the text at a dotted path of a record; null where there is none, or no object. */
export function textReader(path: string | null): (record: Uint8Array) => string | null {
  if (path === null) return () => null;
  const names = path.split(".");
  const decoder = new TextDecoder();
  return (record) => {
    let value: unknown = parsed(decoder.decode(record));
    for (const name of names) {
      if (typeof value !== "object" || value === null) return null;
      value = Object.entries(value).find(([field]) => field === name)?.[1];
    }
    return typeof value === "string" ? value : null;
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The headers of a dead letter as Kafka Streams writes them (KIP-1034); never a value of the record. */
export function deadLetterHeaders(topic: string, letter: DeadLetter): TopicRecord["headers"] {
  return {
    "__streams.errors.message": `${letter.path}: ${letter.reason}`,
    "__streams.errors.topic": topic,
    "__streams.errors.partition": String(letter.partition),
    "__streams.errors.offset": String(letter.position),
  };
}
