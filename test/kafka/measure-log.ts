/**
 * What a log on Kafka costs: `node test/kafka/measure-log.ts HOST:PORT`. Reads generated events as the engine does, then
 * appends one by one at rest. Makes and deletes topics of its own.
 */
import { argv, cpuUsage, pid, stdout } from "node:process";
import { openKafkaLog } from "../../src/eventlog/kafka/kafka-log.ts";
import { createRecordLine, createRecordStream } from "../../src/generator/records.ts";
import { openAdmin } from "../../src/kafka/admin.ts";
import { plainSettings } from "../../src/kafka/settings.ts";
import { SILENT } from "../../src/log.ts";

const RECORDS = 200_000;
const MADE = 5_000;
const AT_ONCE = 500;
const PARTITIONS = 3;
const APPENDS = 200;
const IDLE_MS = 5_000;

const settings = plainSettings([argv[2] ?? "127.0.0.1:9092"]);
const topic = `measure-log-${pid}`;

function generated(): readonly Buffer[] {
  const stream = createRecordStream({ seed: 1, startMs: Date.UTC(2026, 0, 5), ratePerSecond: 3 });
  const line = createRecordLine();
  return Array.from({ length: MADE }, () => {
    line.at = 0;
    stream.next(line);
    return Buffer.from(line.bytes.subarray(0, line.at));
  });
}

function cpuMs(since?: NodeJS.CpuUsage): number {
  const { user, system } = cpuUsage(since);
  return (user + system) / 1000;
}

async function measured(what: string, count: number, work: () => Promise<void>): Promise<void> {
  const start = performance.now();
  const before = cpuUsage();
  await work();
  const cpu = Math.round((count / cpuMs(before)) * 1000);
  stdout.write(
    `${what}: ${cpu} a CPU-second, ${Math.round((count / (performance.now() - start)) * 1000)} a second\n`,
  );
}

const open = () =>
  openKafkaLog(settings, { topic, key: "application_id", forbidden: ["applicant.ssn"], logger: SILENT });
const admin = await openAdmin(settings);
await admin.recreate([{ name: topic, partitions: PARTITIONS, replication: 1, configs: {} }]);
const records = generated();
stdout.write(`records of ${Math.round(records.reduce((sum, { length }) => sum + length, 0) / MADE)} bytes\n`);

const writing = await open();
await measured("appended", RECORDS, async () => {
  for (let at = 0; at < RECORDS; at += AT_ONCE) {
    const from = at % MADE;
    await writing.append({ records: records.slice(from, from + AT_ONCE), ingestTimeMs: Date.now() });
  }
});
await writing.close();

const log = await open();
/** Until each partition is read up to its end. */
async function readAll(): Promise<number> {
  let count = 0;
  for (const partition of log.partitions)
    for await (const batch of partition.read(partition.start())) count += batch.count;
  return count;
}
await measured("read", RECORDS, async () => void (await readAll()));

const [partition] = log.partitions;
const latenciesMs: number[] = [];
let position = partition!.end();
for (let at = 0; at < APPENDS; at++) {
  const told = new Promise<void>((resolve) => partition!.onMore(resolve));
  const start = performance.now();
  const appended = partition!.append({ records: [records[at]!], ingestTimeMs: Date.now() });
  await told;
  for await (const batch of partition!.read(position)) position = batch.basePosition + batch.count;
  latenciesMs.push(performance.now() - start);
  await appended;
}
const sorted = latenciesMs.toSorted((a, b) => a - b);
const at = (share: number) => sorted[Math.floor(sorted.length * share)]?.toFixed(1);
stdout.write(`append, onMore, read: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms\n`);

const before = cpuUsage();
await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
stdout.write(`at rest: ${((cpuMs(before) / IDLE_MS) * 100).toFixed(2)} % of a core\n`);
await log.close();
await admin.remove([topic]);
await admin.close();
