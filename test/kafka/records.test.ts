import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { storedBatches } from "../../src/kafka/records/decode.ts";
import { addRecord, encode, openBatch, pack, splitBatch } from "../../src/kafka/records/encode.ts";
import type { OutgoingRecord } from "../../src/kafka/records/record.ts";
import { recordBatches } from "../../src/kafka/records/record-batches.ts";
import { readVarint, varintSize, writeVarint } from "../../src/kafka/records/varint.ts";
import type { Compression } from "../../src/kafka/tuning.ts";

const WRITER = { producerId: 2 ** 40, epoch: 3, transactional: true };
const PLACE = { topic: "t", partition: 1 };

const bytes = fc.uint8Array({ maxLength: 300 }).map((one) => Buffer.from(one));
const record: fc.Arbitrary<OutgoingRecord> = fc.record({
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers: fc.array(fc.record({ key: fc.string({ unit: "grapheme" }), value: bytes }), { maxLength: 3 }),
  timestampMs: fc.integer({ min: 0, max: 4_102_444_800_000 }),
});
const records = fc.array(record, { minLength: 1, maxLength: 40 });

function batchOf(given: readonly OutgoingRecord[]) {
  const batch = openBatch();
  for (const one of given) addRecord(batch, one);
  return batch;
}

/** As a broker stores it. */
function wire(given: readonly OutgoingRecord[], compression: Compression, baseOffset = 0): Buffer {
  const batch = batchOf(given);
  const whole = encode(batch, pack(batch, compression), WRITER, 7);
  whole.writeBigInt64BE(BigInt(baseOffset), 0);
  return whole;
}

function read(whole: Buffer, fromOffset: number): readonly OutgoingRecord[] {
  return recordBatches(1, storedBatches(whole, PLACE), fromOffset, PLACE).flatMap((batch) =>
    Array.from({ length: batch.count }, (_, row) => {
      const { key, deleted, headers } = batch.details(row);
      const value = batch.bytes.subarray(batch.offsets[row], batch.offsets[row + 1]);
      return { key, value: deleted ? null : value, headers, timestampMs: batch.ingestTimesMs[row]! };
    }).map(plain),
  );
}

const hex = (one: Uint8Array | null) => one && Buffer.from(one);
const plain = ({ key, value, headers, timestampMs }: OutgoingRecord): OutgoingRecord => ({
  key: hex(key),
  value: hex(value),
  headers: headers.map((header) => ({ key: header.key, value: Buffer.from(header.value) })),
  timestampMs,
});

test("a whole number comes back from its varint, and takes the bytes foretold", () => {
  const bound = 2 ** 50;
  fc.assert(
    fc.property(
      fc.oneof(
        fc.integer(),
        fc.maxSafeInteger().map((one) => one % bound),
      ),
      (value) => {
        const buffer = Buffer.alloc(10);
        const end = writeVarint(buffer, 0, value);
        assert.equal(end, varintSize(value));
        assert.equal(readVarint({ bytes: buffer, at: 0 }), value);
      },
    ),
  );
});

test("records come back from a batch as they were, however it is compressed", () => {
  const compression = fc.constantFrom<Compression>("none", "gzip", "snappy", "lz4", "zstd");
  fc.assert(
    fc.property(records, compression, (given, how) => {
      assert.deepEqual(read(wire(given, how, 5), 0), given.map(plain));
    }),
  );
});

test("a batch that begins before the offset asked for gives out only what is from there on", () => {
  fc.assert(
    fc.property(records, fc.nat(50), (given, skipped) => {
      assert.deepEqual(read(wire(given, "lz4", 100), 100 + skipped), given.slice(skipped).map(plain));
    }),
  );
});

test("both halves of a batch hold its records in order", () => {
  fc.assert(
    fc.property(records, fc.nat(40), (given, count) => {
      const halves = splitBatch(batchOf(given), count).filter((half) => half.count > 0);
      const whole = halves.map((half) => encode(half, pack(half, "none"), WRITER, 0));
      assert.deepEqual(
        whole.flatMap((one) => read(one, 0)),
        given.map(plain),
      );
    }),
  );
});

test("records are dense within a batch and a gap of offsets lies between two", () => {
  const one = [{ key: null, value: Buffer.from("a"), headers: [], timestampMs: 1 }];
  const stored = [wire(one, "none", 3), wire(one, "lz4", 4), wire(one, "none", 6)];
  const batches = recordBatches(1, storedBatches(Buffer.concat(stored), PLACE), 0, PLACE);
  assert.deepEqual(
    batches.map(({ basePosition, count, bytes }) => [basePosition, count, bytes.toString()]),
    [
      [3, 2, "aa"],
      [6, 1, "a"],
    ],
  );
});

test("a batch cut off at the end of a fetch is left for the next", () => {
  const given = [{ key: null, value: Buffer.from("a"), headers: [], timestampMs: 1 }];
  const whole = Buffer.concat([wire(given, "none"), wire(given, "none", 1)]);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: whole.length }), (length) => {
      const found = storedBatches(whole.subarray(0, length), PLACE).length;
      assert.equal(found, Math.floor(length / (whole.length / 2)));
    }),
  );
});

test("a flipped bit is found by the checksum, and no value is in the error", () => {
  const whole = wire([{ key: null, value: Buffer.from("123-45-6789"), headers: [], timestampMs: 1 }], "none");
  whole[whole.length - 3]! ^= 1;
  assert.throws(
    () => storedBatches(whole, PLACE),
    /^LoanstreamError: t:1: the batch at offset 0 doesn't match its checksum \[log\.corrupt\][^6]*$/,
  );
});
