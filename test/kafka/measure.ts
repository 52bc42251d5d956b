/** What reading and writing costs: `node test/kafka/measure.ts HOST:PORT`. Makes and deletes topics of its own. */
import { argv, cpuUsage, pid, stdout } from "node:process";
import { openAdmin } from "../../src/kafka/admin.ts";
import { openReader } from "../../src/kafka/fetch.ts";
import { openProducer } from "../../src/kafka/producer.ts";
import { plainSettings } from "../../src/kafka/settings.ts";
import { openTransactions } from "../../src/kafka/transaction.ts";

const RECORDS = 200_000;
const PARTITIONS = 3;
const TRANSACTIONS = 300;
const ROWS_A_TRANSACTION = 50;

const settings = plainSettings([argv[2] ?? "127.0.0.1:9092"]);
const topic = `measure-${pid}`;

/** JSON of about 1.3 kB that compresses as events do. */
const values = Array.from({ length: 2000 }, (_, row) => {
  const part = (at: number) => ({
    name: `field${(row * at) % 50}`,
    value: (Math.imul(row + 1, (at + 7) * 2_654_435_761) >>> 0).toString(16),
    state: at % 3 ? "given" : "missing",
  });
  return Buffer.from(JSON.stringify({ row, parts: Array.from({ length: 25 }, (_, at) => part(at)) }));
});
const keys = values.map((_, row) => Buffer.from(`00000000-0000-4000-8000-${String(row).padStart(12, "0")}`));
const record = (row: number) => ({
  key: keys[row % keys.length]!,
  value: values[row % values.length]!,
  headers: [],
  timestampMs: Date.now(),
});

async function measured(what: string, count: number, work: () => Promise<void>): Promise<void> {
  const start = performance.now();
  const before = cpuUsage();
  await work();
  const { user, system } = cpuUsage(before);
  const seconds = (performance.now() - start) / 1000;
  const cpu = Math.round(count / ((user + system) / 1e6));
  stdout.write(`${what}: ${cpu} a CPU-second, ${Math.round(count / seconds)} a second\n`);
}

async function produce(): Promise<void> {
  const producer = await openProducer(settings, { topics: [topic] });
  for (let row = 0; row < RECORDS; row++) if (!producer.send(topic, record(row))) await producer.room();
  await producer.close();
}

async function read(): Promise<void> {
  const from = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition, offset: 0 }));
  const reader = await openReader(settings, { from, committedOnly: true });
  for (let count = 0; count < RECORDS; ) {
    for (const { batches } of await reader.next()) for (const batch of batches) count += batch.count;
  }
  await reader.close();
}

async function transact(): Promise<void> {
  const options = { transactionalId: topic, topics: [topic], timeoutMs: 30_000 };
  const transactions = await openTransactions(settings, options);
  for (let at = 0; at < TRANSACTIONS; at++) {
    const transaction = transactions.begin();
    for (let row = 0; row < ROWS_A_TRANSACTION; row++) transaction.send(topic, record(row));
    transaction.offsets(topic, [{ topic, partition: 0, offset: at }]);
    await transaction.commit();
  }
  await transactions.close();
}

const admin = await openAdmin(settings);
await admin.recreate([{ name: topic, partitions: PARTITIONS, replication: 1, configs: {} }]);
stdout.write(`records of ${values[7]!.length} bytes\n`);
await measured("records produced", RECORDS, produce);
await measured("records read", RECORDS, read);
await measured(`transactions of ${ROWS_A_TRANSACTION} rows and an offset`, TRANSACTIONS, transact);
await admin.remove([topic]);
await admin.close();
