/**
 * What producing to Kafka costs: records a CPU-second of this process, all its threads counted, beside writing the same
 * to a file. Before a line is printed, the topic is read back: as many records, and the same sum of their values.
 *
 *     node bench/kafka/producing.ts [--events N] [--rounds N] [--kafka-bootstrap HOST:PORT]
 *
 * Makes topics of its own, and deletes them. Needs a broker (`make up`).
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openKafkaSink } from "../../src/cli/generate-kafka.ts";
import { openFileSink, type Sink } from "../../src/cli/generate-sink.ts";
import { crc32c } from "../../src/crc32c.ts";
import { createRecordLine, createRecordStream, type RecordStream } from "../../src/generator/records.ts";
import { openAdmin } from "../../src/kafka/admin.ts";
import { openReader } from "../../src/kafka/fetch.ts";
import { plainSettings } from "../../src/kafka/settings.ts";
import { SILENT } from "../../src/log.ts";

const { values } = parseArgs({
  options: {
    events: { type: "string", default: "200000" },
    rounds: { type: "string", default: "3" },
    "kafka-bootstrap": { type: "string", default: "127.0.0.1:9092" },
  },
});
const events = Number(values.events);
const settings = plainSettings([values["kafka-bootstrap"]]);
const topic = `bench-${process.pid}`;
const PARTITIONS = 3;
/** Made beforehand, and written again and again. */
const READY = 20_000;

/** In any order: a count, the bytes and the sum of the checksums. */
interface Total {
  count: number;
  bytes: number;
  sum: number;
}
const add = (total: Total, value: Uint8Array): void => {
  total.count += 1;
  total.bytes += value.length;
  total.sum = (total.sum + crc32c(value)) % 2 ** 32;
};

type Source = Pick<RecordStream, "next">;

const generated = (): Source =>
  createRecordStream({ seed: 1, startMs: Date.UTC(2026, 0, 5), ratePerSecond: 3 });

function gathered(): Source {
  const stream = generated();
  const line = createRecordLine();
  const ready = Array.from({ length: READY }, () => {
    line.at = 0;
    stream.next(line);
    return line.bytes.slice(0, line.at);
  });
  let at = 0;
  return {
    next(to) {
      const record = ready[at++ % READY]!;
      to.bytes.set(record, to.at);
      to.at += record.length;
    },
  };
}

function totalOf(source: Source): Total {
  const total = { count: 0, bytes: 0, sum: 0 };
  const line = createRecordLine();
  for (let row = 0; row < events; row++) {
    line.at = 0;
    source.next(line);
    add(total, line.bytes.subarray(0, line.at));
  }
  return total;
}

interface Speed {
  readonly aCpuSecond: number;
  readonly aSecond: number;
}

async function write(source: Source, sink: Sink): Promise<Speed> {
  const start = performance.now();
  const before = process.cpuUsage();
  for (let row = 0; row < events; row++) {
    source.next(sink.line);
    if (!sink.take()) await sink.flush();
  }
  await sink.end();
  const { user, system } = process.cpuUsage(before);
  const seconds = (performance.now() - start) / 1000;
  await sink.close();
  return { aCpuSecond: events / ((user + system) / 1e6), aSecond: events / seconds };
}

async function readBack(): Promise<Total> {
  const from = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition, offset: 0 }));
  const reader = await openReader(settings, { from, committedOnly: true });
  const total = { count: 0, bytes: 0, sum: 0 };
  while (total.count < events) {
    for (const { batches } of await reader.next())
      for (const { bytes, offsets, count } of batches)
        for (let row = 0; row < count; row++) add(total, bytes.subarray(offsets[row], offsets[row + 1]));
  }
  await reader.close();
  return total;
}

const directory = mkdtempSync(join(tmpdir(), "loanstream-bench-"));
const admin = await openAdmin(settings);

const toFile = (source: Source): Promise<Speed> =>
  write(source, openFileSink(join(directory, "events.ndjson"), process.stdout));

async function toKafka(make: () => Source): Promise<Speed> {
  await admin.recreate([{ name: topic, partitions: PARTITIONS, replication: 1, configs: {} }]);
  const parts = { settings, topic, key: "application_id", nowMs: Date.now, logger: SILENT };
  const speed = await write(make(), await openKafkaSink(parts));
  const [sent, found] = [totalOf(make()), await readBack()];
  if (JSON.stringify(sent) !== JSON.stringify(found))
    throw new Error(`sent ${JSON.stringify(sent)}, found ${JSON.stringify(found)}`);
  return speed;
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;
const rounded = (number: number): string => (Math.round(number / 1000) * 1000).toLocaleString("en-US");

async function compare(what: string, make: () => Source): Promise<string> {
  const [files, topics]: [Speed[], Speed[]] = [[], []];
  for (let round = 0; round < Number(values.rounds); round++) {
    files.push(await toFile(make()));
    topics.push(await toKafka(make));
  }
  const [file, kafka] = [files, topics].map((speeds) => median(speeds.map((one) => one.aCpuSecond)));
  const wall = median(topics.map((one) => one.aSecond));
  return `${what}: ${rounded(kafka ?? 0)} a CPU-second to Kafka (${rounded(wall)} a second), ${rounded(file ?? 0)} to a file, ratio ${((kafka ?? 0) / (file ?? 1)).toFixed(2)}\n`;
}

try {
  const size = Math.round(totalOf(gathered()).bytes / events);
  const lines = [
    await compare("records made beforehand", gathered),
    await compare("generator and producer", generated),
  ];
  process.stdout.write(
    `${events} records of ${size} bytes, the median of ${values.rounds} rounds\n${lines.join("")}`,
  );
} finally {
  await admin.remove([topic]).catch(() => {});
  await admin.close();
  rmSync(directory, { recursive: true });
}
