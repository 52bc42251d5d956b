/** From the broker's time of an event to its time of the event's scored row, under an even load. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { openTransactions } from "../../src/kafka/transaction.ts";
import { COMMITS_TOPIC } from "../../src/pipeline/topic-names.ts";
import { committed, generate, openPlace, type Place, pipeline, startRun } from "./place.ts";

export interface LatencySettings {
  readonly eventsASecond: number;
  readonly seconds: number;
}

const SCORES = "risk_scores";
/** While code is compiled. */
const WARM_UP_MS = 3000;
const ALONE = 200;

export async function latency({ eventsASecond, seconds }: LatencySettings): Promise<string> {
  const place = await openPlace();
  try {
    const alone = await transactionsAlone(place);
    const events = eventsASecond * seconds;
    const run = startRun(place);
    await run.ready();
    const load = ["--paced", "--rhythm", "flat", "--rate", String(eventsASecond), "--seed", "1"];
    await generate(place, events, load);
    await run.taken(events);
    const { source, tables } = await run.stop();
    const sent = await timesOfEvents(place);
    const scored = await timesOfScores(place);
    assert.equal(source.read, events);
    assert.equal(source.late + source.dead, 0, "every event is in time and fits");
    assert.equal(scored.size, tables[SCORES]?.used, "a row for each submitted event");
    const [first, last] = span(sent.values());
    const rate = events / ((last - first) / 1000);
    const waits: number[] = [];
    for (const [id, timeMs] of scored) {
      const sentMs = sent.get(id) ?? assert.fail(`the row of ${id} has no event`);
      if (sentMs >= first + WARM_UP_MS) waits.push(timeMs - sentMs);
    }
    const [p50, p99] = [quantile(waits, 0.5), quantile(waits, 0.99)];
    return (
      `${Math.round(rate)} events a second, ${waits.length} rows: p50 ${p50} ms, p99 ${p99} ms, most ${quantile(waits, 1)} ms; ` +
      `a transaction of one record alone ${alone.toFixed(1)} ms, ratio ${(p50 / alone).toFixed(1)}\n`
    );
  } finally {
    await place.close();
  }
}

function span(timesMs: Iterable<number>): readonly [first: number, last: number] {
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const timeMs of timesMs) [first, last] = [Math.min(first, timeMs), Math.max(last, timeMs)];
  return [first, last];
}

/** Of `event_id`, the first time; those of events that came again don't count. */
async function timesOfEvents(place: Place): Promise<ReadonlyMap<string, number>> {
  const times = new Map<string, number>();
  for await (const { bytes, offsets, count, ingestTimesMs } of committed(place, pipeline.source.topic)) {
    for (let row = 0; row < count; row++) {
      const text = Buffer.from(bytes.subarray(offsets[row], offsets[row + 1])).toString();
      const { event_id: id } = JSON.parse(text);
      if (!times.has(id)) times.set(id, ingestTimesMs[row]!);
    }
  }
  return times;
}

async function timesOfScores(place: Place): Promise<ReadonlyMap<string, number>> {
  const topic = pipeline.tables.find(({ name }) => name === SCORES)?.topic ?? "";
  const times = new Map<string, number>();
  for await (const batch of committed(place, topic)) {
    for (let row = 0; row < batch.count; row++) {
      const { key, headers } = batch.details(row);
      if (
        headers.some(({ key: name, value }) => name === "output" && Buffer.from(value).toString() !== SCORES)
      )
        continue;
      const { event_id: id } = JSON.parse(Buffer.from(key ?? []).toString());
      assert.ok(!times.has(id), `${id} has two rows`);
      times.set(id, batch.ingestTimesMs[row]!);
    }
  }
  return times;
}

/** Milliseconds of the median one, from its begin until it is committed. */
async function transactionsAlone({ settings }: Place): Promise<number> {
  const options = { transactionalId: "bench-alone", topics: [COMMITS_TOPIC], timeoutMs: 30_000 };
  const transactions = await openTransactions(settings, options);
  const took: number[] = [];
  for (let at = 0; at < ALONE; at++) {
    const startMs = performance.now();
    const transaction = transactions.begin();
    const value = Buffer.from(String(at));
    transaction.sendTo(COMMITS_TOPIC, 0, { key: value, value, headers: [], timestampMs: Date.now() });
    await transaction.commit();
    took.push(performance.now() - startMs);
  }
  await transactions.close();
  return quantile(took, 0.5);
}

function quantile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
