/** What every event log must hold to. An implementation's own test calls this with a way to open one. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { RecordBatch } from "../../src/engine/batch.ts";
import { LoanstreamError } from "../../src/errors.ts";
import type { Append, EventLog } from "../../src/eventlog/event-log.ts";

/** A place where one log is kept; opening it again finds what was appended. */
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

export async function readAll(log: EventLog, fromPosition = 0): Promise<StoredRecord[]> {
  const records: StoredRecord[] = [];
  for await (const batch of log.read(fromPosition)) {
    assert.equal(batch.basePosition, fromPosition + records.length, "batches follow one another");
    assert.ok(batch.count > 0, "no batch is empty");
    records.push(...storedRecords(batch));
  }
  return records;
}

function storedRecords({ basePosition, bytes, offsets, count, ingestTimesMs }: RecordBatch): StoredRecord[] {
  return Array.from({ length: count }, (_, i) => ({
    position: basePosition + i,
    text: Buffer.from(bytes.subarray(offsets[i], offsets[i + 1]))
      .toString()
      .replace(/\n$/, ""),
    ingestTimeMs: ingestTimesMs?.[i] ?? null,
  }));
}

function expected(appends: readonly (readonly string[])[]): StoredRecord[] {
  const records = appends.flatMap((texts, i) => texts.map((text) => ({ text, ingestTimeMs: i })));
  return records.map((record, position) => ({ position, ...record }));
}

export function eventLogConformance(name: string, newPlace: () => Promise<LogPlace>): void {
  const texts = fc.array(fc.stringMatching(/^[ -~é😀]{0,20}$/u), { maxLength: 6 });

  describe(`${name} as an event log`, () => {
    it("numbers records from 0 in the order of the appends", async () => {
      const log = await (await newPlace()).open();
      assert.equal(await log.append(append(["a", "b"])), 0);
      assert.equal(await log.append(append(["c"])), 2);
      assert.equal(log.end(), 3);
      await log.close();
    });

    it("gives the position of the next record for an append of none", async () => {
      const log = await (await newPlace()).open();
      await log.append(append(["a"]));
      assert.equal(await log.append(append([])), 1);
      assert.deepEqual((await readAll(log)).length, 1);
      await log.close();
    });

    it("keeps the order of appends that wait for each other, whole", async () => {
      const log = await (await newPlace()).open();
      const appends = Array.from({ length: 50 }, (_, i) => [`${i}a`, `${i}b`]);
      const positions = await Promise.all(appends.map((records, i) => log.append(append(records, i))));
      assert.deepEqual(
        positions,
        appends.map((_, i) => i * 2),
      );
      assert.deepEqual(await readAll(log), expected(appends));
      await log.close();
    });

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
          const all = expected(appends);
          for (let from = 0; from <= all.length; from++)
            assert.deepEqual(await readAll(log, from), all.slice(from));
          await log.close();
        }),
        { numRuns: 30 },
      );
    });

    it("shows a reader what became durable while it read", async () => {
      const log = await (await newPlace()).open();
      await log.append(append(["0"]));
      const seen: string[] = [];
      for await (const batch of log.read(0)) {
        seen.push(...storedRecords(batch).map(({ text }) => text));
        if (seen.length < 40) await log.append(append([String(seen.length)]));
      }
      assert.deepEqual(
        seen,
        Array.from({ length: 40 }, (_, i) => String(i)),
      );
      await log.close();
    });

    it("refuses a record with a line end, and keeps nothing of that append", async () => {
      const log = await (await newPlace()).open();
      await assert.rejects(log.append(append(["fine", '{"a":\n1}'])), (error) => {
        assert.ok(error instanceof LoanstreamError);
        assert.equal(error.diagnostics[0].code, "log.record-has-line-end");
        return true;
      });
      assert.equal(log.end(), 0);
      await log.close();
    });

    it("takes no append once it is closed", async () => {
      const log = await (await newPlace()).open();
      await log.close();
      await assert.rejects(log.append(append(["a"])), LoanstreamError);
    });
  });
}
