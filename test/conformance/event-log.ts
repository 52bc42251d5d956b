/**
 * What every event log must hold to. An implementation's own test calls this with a way to open one. Positions need
 * not be dense, nor begin at 0: in Kafka a transaction's marker takes one.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { RecordBatch } from "../../src/engine/batch.ts";
import { type ErrorCode, LoanstreamError } from "../../src/errors.ts";
import type { Append, EventLog, LogReader } from "../../src/eventlog/event-log.ts";

/** A place where one log is kept, empty at first; opening it again finds what was appended. */
export interface LogPlace {
  open(): Promise<EventLog>;
}

export interface StoredRecord {
  readonly position: number;
  readonly text: string;
  readonly ingestTimeMs: number | null;
}

export function append(texts: readonly string[], ingestTimeMs = 0): Append {
  return { records: texts.map((text) => Buffer.from(text)), ingestTimeMs };
}

/** Everything from a position on, up to the end or to another. */
export async function readAll(
  log: Pick<LogReader, "read"> | Pick<EventLog, "read">,
  fromPosition = 0,
  toPosition?: number,
): Promise<StoredRecord[]> {
  const records: StoredRecord[] = [];
  for await (const batch of log.read(fromPosition, toPosition)) {
    const next = (records.at(-1)?.position ?? fromPosition - 1) + 1;
    assert.ok(batch.basePosition >= next, "batches ascend");
    records.push(...storedRecords(batch));
  }
  return records;
}

export const textsOf = (records: readonly StoredRecord[]) => records.map(({ text }) => text);

export const hasCode = (expected: ErrorCode) => (error: unknown) =>
  error instanceof LoanstreamError && error.diagnostics[0].code === expected;

function storedRecords({ basePosition, bytes, offsets, count, ingestTimesMs }: RecordBatch): StoredRecord[] {
  assert.ok(count > 0, "no batch is empty");
  assert.equal(offsets.length, count + 1);
  assert.equal(ingestTimesMs?.length ?? count, count);
  return Array.from({ length: count }, (_, i) => ({
    position: basePosition + i,
    text: Buffer.from(bytes.subarray(offsets[i], offsets[i + 1]))
      .toString()
      .replace(/\n$/, ""),
    ingestTimeMs: ingestTimesMs?.[i] ?? null,
  }));
}

function assertAscending(records: readonly StoredRecord[]): void {
  for (const [i, { position }] of records.entries())
    assert.ok(i === 0 || position > records[i - 1]!.position, `position ${position} ascends`);
}

const withoutPositions = (records: readonly StoredRecord[]) =>
  records.map(({ text, ingestTimeMs }) => ({ text, ingestTimeMs }));

function expected(appends: readonly (readonly string[])[]) {
  return appends.flatMap((texts, i) => texts.map((text) => ({ text, ingestTimeMs: i })));
}

export function eventLogConformance(name: string, newPlace: () => Promise<LogPlace>): void {
  const texts = fc.array(fc.stringMatching(/^[ -~é😀]{0,20}$/u), { maxLength: 6 });

  async function withLog(work: (log: EventLog) => Promise<void>): Promise<void> {
    const log = await (await newPlace()).open();
    await work(log);
    await log.close();
  }

  describe(`${name} as an event log`, () => {
    it("is empty at first: it starts where it ends", () =>
      withLog(async (log) => {
        assert.equal(log.start(), log.end());
        assert.deepEqual(await readAll(log, log.end()), []);
      }));

    it("gives positions in the order of the appends, that of the first record of each", () =>
      withLog(async (log) => {
        const next = log.end();
        const first = await log.append(append(["a", "b"], 1));
        assert.ok(first >= next);
        const second = await log.append(append(["c"], 2));
        const records = await readAll(log, log.start());
        assertAscending(records);
        assert.deepEqual(withoutPositions(records), expected([[], ["a", "b"], ["c"]]));
        assert.deepEqual([records[0]?.position, records[2]?.position], [first, second]);
        assert.ok(log.end() > second);
      }));

    it("gives the position of the next record for an append of none, and keeps nothing of it", () =>
      withLog(async (log) => {
        await log.append(append(["a"]));
        assert.equal(await log.append(append([])), log.end());
        assert.deepEqual(textsOf(await readAll(log, log.start())), ["a"]);
      }));

    it("keeps the order of appends that wait for each other, each whole", () =>
      withLog(async (log) => {
        const appends = Array.from({ length: 50 }, (_, i) => [`${i}a`, `${i}b`]);
        const positions = await Promise.all(appends.map((records, i) => log.append(append(records, i))));
        const records = await readAll(log, log.start());
        assert.deepEqual(withoutPositions(records), expected(appends));
        assert.deepEqual(
          positions,
          appends.map((_, i) => records[i * 2]?.position),
        );
      }));

    it("gives what was appended, from any position, also after it was closed and opened again", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(texts, { maxLength: 8 }), fc.nat(8), async (appends, reopenAt) => {
          const place = await newPlace();
          let log = await place.open();
          for (const [i, records] of appends.entries()) {
            if (i === reopenAt) {
              await log.close();
              log = await place.open();
            }
            await log.append(append(records, i));
          }
          const all = await readAll(log, log.start());
          assertAscending(all);
          assert.deepEqual(withoutPositions(all), expected(appends));
          for (let from = log.start(); from <= log.end(); from++)
            assert.deepEqual(
              await readAll(log, from),
              all.filter(({ position }) => position >= from),
            );
          await log.close();
        }),
        { numRuns: 30 },
      );
    });

    it("ends behind its last record, also after it was opened again", async () => {
      const place = await newPlace();
      const log = await place.open();
      await log.append(append(["a", "b"]));
      const end = log.end();
      assert.ok(end > (await readAll(log, log.start())).at(-1)!.position);
      await log.close();
      const again = await place.open();
      assert.ok(again.end() >= end);
      assert.deepEqual(await readAll(again, again.end()), []);
      assert.ok((await again.append(append(["c"]))) >= end);
      await again.close();
    });

    it("keeps records as they came: empty, long, many at once, and of any bytes but a line end", () =>
      withLog(async (log) => {
        const odd = Buffer.from([0x22, 0x00, 0x0d, 0x80, 0xff, 0xc3, 0x28, 0x20]);
        const long = Buffer.alloc(900_000, "long ");
        const records = [
          odd,
          Buffer.alloc(0),
          long,
          ...Array.from({ length: 3000 }, (_, i) => Buffer.alloc(i, "x")),
        ];
        await log.append({ records, ingestTimeMs: 7 });
        const found: Buffer[] = [];
        for await (const { bytes, offsets, count } of log.read(log.start()))
          for (let i = 0; i < count; i++) found.push(Buffer.from(bytes.subarray(offsets[i], offsets[i + 1])));
        assert.equal(found.length, records.length);
        for (const [i, record] of records.entries()) {
          assert.ok(found[i]!.subarray(0, record.length).equals(record), `record ${i}`);
          assert.equal(found[i]!.subarray(record.length).toString().trim(), "", "only white space follows");
        }
      }));

    it("shows a reader what became durable while it read", () =>
      withLog(async (log) => {
        await log.append(append(["0"]));
        const seen: string[] = [];
        for await (const batch of log.read(log.start())) {
          seen.push(...textsOf(storedRecords(batch)));
          if (seen.length < 40) await log.append(append([String(seen.length)]));
        }
        assert.deepEqual(
          seen,
          Array.from({ length: 40 }, (_, i) => String(i)),
        );
      }));

    it("shows readers beside appends nothing but whole records, in order, each once", () =>
      withLog(async (log) => {
        const texts = Array.from({ length: 60 }, (_, i) => `record ${i}`);
        let appending = true;
        const appends = Promise.all(texts.map((text) => log.append(append([text])))).finally(() => {
          appending = false;
        });
        while (appending) {
          const seen = await readAll(log, log.start());
          assertAscending(seen);
          assert.deepEqual(textsOf(seen), texts.slice(0, seen.length));
          await new Promise((resolve) => setImmediate(resolve));
        }
        await appends;
        assert.deepEqual(textsOf(await readAll(log, log.start())), texts);
      }));

    it("tells when there may be more to read", () =>
      withLog(async (log) => {
        const end = log.end();
        const told = new Promise<number>((resolve) => {
          log.onMore(() => {
            if (log.end() > end) resolve(log.end());
          });
        });
        await log.append(append(["a"]));
        assert.ok((await told) > end);
      }));

    it("knows when everything that was appended can be read", () =>
      withLog(async (log) => {
        const position = await log.append(append(["a", "b"]));
        assert.equal(await log.settled(), true);
        assert.deepEqual(textsOf(await readAll(log, position)), ["a", "b"]);
      }));

    it("lets a reader leave early, and another begin in the middle of what was appended at once", () =>
      withLog(async (log) => {
        await log.append(append(["a", "b", "c", "d"]));
        const all = await readAll(log, log.start());
        for await (const batch of log.read(log.start())) {
          assert.equal(storedRecords(batch)[0]?.text, "a");
          break;
        }
        assert.deepEqual(await readAll(log, all[2]!.position), all.slice(2));
      }));

    it("refuses to read before the oldest position", () =>
      withLog(async (log) => {
        await log.append(append(["a"]));
        await assert.rejects(readAll(log, log.start() - 1), hasCode("log.position-gone"));
      }));

    it("keeps everything from the position released on, whatever it lets go before", async () => {
      const place = await newPlace();
      let log = await place.open();
      for (let i = 0; i < 10; i++) await log.append(append([`${i}`], i));
      const released = (await readAll(log, log.start()))[6]!.position;
      await log.release(released);
      await log.release(log.start());
      for (const reopen of [false, true]) {
        if (reopen) {
          await log.close();
          log = await place.open();
        }
        assert.ok(log.start() <= released);
        assert.deepEqual(textsOf(await readAll(log, released)), ["6", "7", "8", "9"]);
      }
      await log.close();
    });

    it("refuses a record with a line end, keeps nothing of that append, and goes on", () =>
      withLog(async (log) => {
        const end = log.end();
        await assert.rejects(log.append(append(["fine", '{"a":\n1}'])), hasCode("log.record-has-line-end"));
        assert.equal(log.end(), end);
        await log.append(append(["b"]));
        assert.deepEqual(textsOf(await readAll(log, log.start())), ["b"]);
      }));

    it("finishes the appends that wait when it is closed, and takes none after", async () => {
      const place = await newPlace();
      const log = await place.open();
      const waiting = log.append(append(["a"]));
      await log.close();
      await waiting;
      await log.close();
      await assert.rejects(log.append(append(["b"])), LoanstreamError);
      const again = await place.open();
      assert.deepEqual(textsOf(await readAll(again, again.start())), ["a"]);
      await again.close();
    });
  });
}
