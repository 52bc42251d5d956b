/** Generated records, bad ones among them, to the input topic. */
import { Buffer } from "node:buffer";
import { setTimeout as delay } from "node:timers/promises";
import { createGenerator } from "../../../src/generator/generator.ts";
import { openProducer } from "../../../src/kafka/producer.ts";
import type { OutgoingRecord } from "../../../src/kafka/records/record.ts";
import { textReader } from "../../../src/topics/event-record.ts";
import type { Scene } from "./scene.ts";

const START_MS = Date.UTC(2026, 0, 5, 6);
/** Later than the end of every window that the others stand in. */
const CLOSING_MS = START_MS + 4 * 86_400_000;
/** So that there is enough of everything in the windows. */
const RATE_PER_SECOND = 0.8;
/** Always the same, so that every table has rows. */
const SEED = 235_055;

/** Late, duplicate, dead ones and those of the far future are a tenth. */
export function inputRecords(count: number): readonly OutgoingRecord[] {
  const settings = { seed: SEED, startMs: START_MS, ratePerSecond: RATE_PER_SECOND };
  const events = createGenerator({ ...settings, badShare: 0.1, duplicateShare: 0.02 });
  return [...events.take(count).map(({ json, arrivalMs }) => asRecord(json, arrivalMs))];
}

/**
 * An event days later, which closes every window but its own, and stands in none of a `final` table. All others have to
 * be taken in before it comes: those that a partition holds unseen would be late.
 */
export function closingRecord(): OutgoingRecord {
  const events = createGenerator({ seed: SEED + 1, startMs: CLOSING_MS, ratePerSecond: RATE_PER_SECOND });
  const [first] = events.filter(({ json }) => json.includes('"event_type":"started"')).take(1);
  return asRecord(first?.json ?? "", first?.arrivalMs ?? 0);
}

const keyOf = textReader("application_id");

function asRecord(json: string, timestampMs: number): OutgoingRecord {
  const value = Buffer.from(json);
  const key = keyOf(value);
  return { key: key === null ? null : Buffer.from(key), value, headers: [], timestampMs };
}

const TURN_MS = 10;

/** Resolves once all are acknowledged, evenly over so many milliseconds at best. */
export async function feed(
  { broker, pipeline }: Scene,
  records: readonly OutgoingRecord[],
  overMs: number,
): Promise<void> {
  const { topic } = pipeline.source;
  const producer = await openProducer(broker.settings, { topics: [topic] });
  const refused: unknown[] = [];
  const startMs = performance.now();
  for (let sent = 0; sent < records.length; ) {
    const due = ((performance.now() - startMs + TURN_MS) / Math.max(overMs, TURN_MS)) * records.length;
    for (; sent < Math.min(due, records.length); sent++)
      producer.send(topic, records[sent]!, (error) => error && refused.push(error));
    await producer.room();
    await delay(TURN_MS);
  }
  await producer.close();
  if (refused.length > 0) throw refused[0];
}
