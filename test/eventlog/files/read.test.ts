import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, describe, it } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import type { Leaf } from "../../../src/contract/schema.ts";
import type { RecordBatch } from "../../../src/engine/batch.ts";
import { LoanstreamError } from "../../../src/errors.ts";
import { batchLines } from "../../../src/eventlog/files/lines.ts";
import { type FileSettings, readRecords } from "../../../src/eventlog/files/read.ts";
import { arrayOf, BIGINT, BOOLEAN, DOUBLE, type SqlType, STRING, TIMESTAMP } from "../../../src/sql/types.ts";

const directory = mkdtempSync(join(tmpdir(), "loanstream-files-"));
after(() => rmSync(directory, { recursive: true }));

function leaf(path: string, type: SqlType, column: number, format: Leaf["format"] = null): Leaf {
  const open = { values: null, minimum: null, maximum: null, maxLength: null, pii: null, protected: false };
  return { kind: "leaf", name: path, path, description: "", type, column, format, ...open };
}

const leaves = [
  leaf("loan.amount_cents", BIGINT, 0),
  leaf("loan.quoted_apr", DOUBLE, 1),
  leaf("loan.product", STRING, 2),
  leaf("verified", BOOLEAN, 3),
  leaf("seen_at", TIMESTAMP, 4, "epoch-millis"),
  leaf("reasons", arrayOf(STRING), 5),
];
const settings: FileSettings = { format: "json", leaves, stdin: Readable.from([]) };

function file(name: string, content: string | Uint8Array): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

function recordsOf({ bytes, offsets, count }: Pick<RecordBatch, "bytes" | "offsets" | "count">): string[] {
  const text = (i: number) => Buffer.from(bytes.subarray(offsets[i], offsets[i + 1])).toString();
  return Array.from({ length: count }, (_, i) => text(i).trimEnd());
}

async function readAll(paths: readonly string[], over: Partial<FileSettings> = {}): Promise<string[]> {
  const records: string[] = [];
  for await (const batch of readRecords(paths, { ...settings, ...over })) {
    assert.equal(batch.basePosition, records.length);
    records.push(...recordsOf(batch));
  }
  return records;
}

const csv = (name: string, text: string) => readAll([file(name, text)], { format: "csv" });

async function complaintOf(work: Promise<unknown>) {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof LoanstreamError);
  return error.diagnostics[0];
}

describe("a file of JSON lines", () => {
  it("gives its lines as records, without blank ones, a byte order mark or the need of a last line end", async () => {
    const path = file("plain.ndjson", '\ufeff\n{"a":1}\r\n \t\n{"a":2}\n\n{"a":3}');
    assert.deepEqual(await readAll([path]), ['{"a":1}', '{"a":2}', '{"a":3}']);
  });

  it("gives no batch for a file without records", async () => {
    assert.deepEqual(await readAll([file("empty.ndjson", ""), file("blank.ndjson", "\n \n")]), []);
  });

  it("is read through gzip, zstd and standard input, positions counting over all files", async () => {
    const paths = [file("1.ndjson.gz", gzipSync("1\n2")), file("2.ndjson.zst", zstdCompressSync("3\n")), "-"];
    const stdin = Readable.from([Buffer.from("4\n5")]);
    assert.deepEqual(await readAll(paths, { stdin }), ["1", "2", "3", "4", "5"]);
  });

  it("is known as compressed by its first bytes, whatever its name, from standard input too", async () => {
    const paths = [file("packed.ndjson", gzipSync("1\n")), file("plain.zst", "2\n"), "-"];
    const stdin = Readable.from([...gzipSync("3\n4\n")].map((byte) => Buffer.of(byte)));
    assert.deepEqual(await readAll(paths, { stdin }), ["1", "2", "3", "4"]);
    assert.deepEqual(await readAll(["-"], { stdin: Readable.from([zstdCompressSync("5")]) }), ["5"]);
  });

  it("is read to its end where it holds several compressed members or frames, cut anywhere", async () => {
    const skippable = Buffer.from("502a4d180300000061620a", "hex");
    const frames = Buffer.concat([
      zstdCompressSync("1\n"),
      skippable,
      zstdCompressSync("2\n"),
      zstdCompressSync("3\n"),
    ]);
    assert.deepEqual(await readAll([file("frames.zst", frames)]), ["1", "2", "3"]);
    for (let at = 0; at <= frames.length; at++) {
      const stdin = Readable.from([frames.subarray(0, at), frames.subarray(at)]);
      assert.deepEqual(await readAll(["-"], { stdin }), ["1", "2", "3"], `cut at ${at}`);
    }
    const members = file("members.gz", Buffer.concat([gzipSync("1\n"), gzipSync("2\n")]));
    assert.deepEqual(await readAll([members]), ["1", "2"]);
  });

  it("tells how many bytes were read, compressed ones where the file is", async () => {
    const packed = gzipSync("1\n2\n3\n");
    let read = 0;
    const onBytes = (count: number) => {
      read += count;
    };
    await readAll([file("counted.gz", packed), file("counted.ndjson", "4\n")], { onBytes });
    assert.equal(read, packed.length + 2);
  });

  it("that is missing or broken is refused by its name", async () => {
    const broken = file("broken.gz", gzipSync("some text").fill(7, 12));
    for (const path of [join(directory, "absent"), directory, broken]) {
      const { code, place } = await complaintOf(readAll([path]));
      assert.deepEqual([code, place.file], ["file.unreadable", path]);
    }
  });

  it("whose compressed data is cut short is refused in these words", async () => {
    for (const whole of [gzipSync("1\n2\n"), zstdCompressSync("1\n2\n")]) {
      const cut = await complaintOf(readAll([file("cut", whole.subarray(0, -3))]));
      assert.equal(cut.message, "its compressed data is cut short");
    }
  });

  it("gives the same records however its bytes are cut into chunks and batches", async () => {
    const line = fc.stringMatching(/^[ a-zé]{0,12}$/);
    const cuts = fc.array(fc.nat(60), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(line),
        cuts,
        fc.integer({ min: 1, max: 40 }),
        async (lines, at, batchBytes) => {
          const bytes = Buffer.from(lines.join("\n"));
          const edges = [0, ...at.map((n) => Math.min(n, bytes.length)).sort((a, b) => a - b), bytes.length];
          const chunks = edges.slice(1).map((end, i) => bytes.subarray(edges[i], end));
          const records: string[] = [];
          for await (const batch of batchLines(Readable.from(chunks), batchBytes))
            records.push(...recordsOf(batch));
          assert.deepEqual(
            records,
            lines.filter((text) => text.trim() !== "").map((text) => text.trimEnd()),
          );
        },
      ),
    );
  });
});

describe("a CSV file", () => {
  it("becomes JSON records by the types of the schema's leaves", async () => {
    const header = "loan.amount_cents,loan.product,loan.quoted_apr,verified,seen_at,reasons,other";
    const row = `120000,"a ""quoted"", name",0.0790,TRUE,1700000000000,"[""x"", ""y""]",5`;
    const loan = '"loan":{"amount_cents":120000,"product":"a \\"quoted\\", name","quoted_apr":0.0790}';
    const rest = '"verified":true,"seen_at":1700000000000,"reasons":["x","y"],"other":"5"';
    assert.deepEqual(await csv("typed.csv", `${header}\n${row}\n`), [`{${loan},${rest}}`]);
  });

  it("is known by its name, or by the format set where the name says nothing", async () => {
    const [packed, plain] = [file("by-name.csv.gz", gzipSync("a\n1")), file("cells", "a\n2")];
    assert.deepEqual(await readAll([packed, plain]), ['{"a":"1"}', "a", "2"]);
    assert.deepEqual(await readAll([plain, file("b.jsonl", "{}")], { format: "csv" }), ['{"a":"2"}', "{}"]);
  });

  it("keeps its texts' bytes, so that what is no UTF-8 can be told from what is", async () => {
    const text = '\ufeffname,reasons\n"à, 😀","[""\\u00e9à"", ""\u2028""]"\n\u00a0,\n';
    const records = ['{"name":"à, 😀","reasons":["éà","\u2028"]}', '{"name":"\u00a0"}'];
    assert.deepEqual(await csv("texts.csv", text), records);
    const latin1 = file("latin1.csv", Buffer.from('name,reasons\nRené,"[""é""]"\n', "latin1"));
    const batch = await readRecords([latin1], settings).next();
    assert.equal(
      Buffer.from(batch.value?.bytes ?? []).toString("latin1"),
      '{"name":"René","reasons":"[\\"é\\"]"}\n',
    );
  });

  it("leaves empty cells out", async () => {
    assert.deepEqual(await csv("empty.csv", "loan.product,verified\n,\nauto,\n"), [
      "{}",
      '{"loan":{"product":"auto"}}',
    ]);
  });

  it("keeps a cell that is not of its type as text, for the scanner to complain of", async () => {
    const header = "loan.amount_cents,verified,reasons";
    const [record] = await csv("mistyped.csv", `${header}\nten,maybe,[x\n`);
    assert.equal(record, '{"loan":{"amount_cents":"ten"},"verified":"maybe","reasons":"[x"}');
  });

  it("turns a row of another length than the header into a record that is no event", async () => {
    assert.deepEqual(await csv("ragged.csv", "a,b\n1\n1,2\n1,2,3\n"), [
      '["1"]',
      '{"a":"1","b":"2"}',
      '["1","2","3"]',
    ]);
  });

  it("is refused at the line where a quote never closes, and where the header names a column twice", async () => {
    const open = await complaintOf(csv("open.csv", 'a,b\n1,"2\n'));
    assert.deepEqual([open.code, open.place.line], ["file.csv-malformed", 2]);
    const twice = await complaintOf(csv("twice.csv", "a,a\n1,2\n"));
    assert.deepEqual([twice.code, twice.place.line], ["file.csv-malformed", 1]);
  });

  it("without a header is refused without telling its cells", async () => {
    const { message } = await complaintOf(csv("no-header.csv", "Smith,1,Smith\n"));
    assert.match(message, /columns 1 and 3/);
    assert.doesNotMatch(message, /Smith/);
  });
});
