import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { type ColumnSource, parquetWriteBuffer, type SchemaElement } from "hyparquet-writer";
import type { Leaf } from "../../../src/contract/schema.ts";
import { LoanstreamError } from "../../../src/errors.ts";
import { type FileSettings, readRecords } from "../../../src/eventlog/files/read.ts";
import { BIGINT, type SqlType, STRING, TIMESTAMP } from "../../../src/sql/types.ts";

const directory = mkdtempSync(join(tmpdir(), "loanstream-parquet-"));
after(() => rmSync(directory, { recursive: true }));

function leaf(path: string, type: SqlType, column: number, format: Leaf["format"] = null): Leaf {
  const open = { values: null, minimum: null, maximum: null, maxLength: null, pii: null, protected: false };
  return { kind: "leaf", name: path, path, description: "", type, column, format, ...open };
}

const leaves = [
  leaf("loan.amount_cents", BIGINT, 0),
  leaf("loan.product", STRING, 1),
  leaf("seen_at", TIMESTAMP, 2, "epoch-millis"),
  leaf("event_time", TIMESTAMP, 3, "date-time"),
];

function file(name: string, content: Uint8Array): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

function written(
  columnData: ColumnSource[],
  options: { schema?: SchemaElement[]; rowGroupSize?: number } = {},
) {
  return new Uint8Array(parquetWriteBuffer({ columnData, ...options }));
}

const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/${name}.parquet`, import.meta.url));

async function linesOf(path: string, over: Partial<FileSettings> = {}): Promise<string[]> {
  const settings: FileSettings = { format: "json", leaves, stdin: Readable.from([]), ...over };
  let text = "";
  for await (const { bytes } of readRecords([path], settings)) text += Buffer.from(bytes).toString();
  return text.split("\n").filter((line) => line !== "");
}

async function complaintOf(path: string, over: Partial<FileSettings> = {}) {
  const error = await linesOf(path, over).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof LoanstreamError, String(error));
  const { code, message, place } = error.diagnostics[0];
  assert.equal(place.file, path);
  return { code, message };
}

describe("a Parquet file", () => {
  it("gives a JSON record a row: dotted names nested, nulls and NaN left out, integers exact", async () => {
    const columns: ColumnSource[] = [
      { name: "loan.product", data: ["auto", null, "é\n"], type: "STRING" },
      { name: "loan.amount_cents", data: [2n ** 53n + 1n, -1n, null], type: "INT64" },
      { name: "a.b", data: [0.1, Number.NaN, Number.POSITIVE_INFINITY], type: "DOUBLE" },
      { name: "verified", data: [true, false, null], type: "BOOLEAN" },
    ];
    assert.deepEqual(await linesOf(file("flat.parquet", written(columns))), [
      '{"loan":{"product":"auto","amount_cents":9007199254740993},"a.b":0.1,"verified":true}',
      '{"loan":{"amount_cents":-1},"verified":false}',
      '{"loan":{"product":"é\\n"},"a.b":"Infinity"}',
    ]);
  });

  it("writes a time as the schema wants it, and as ISO text where it wants none", async () => {
    const data = [new Date(Date.UTC(2026, 0, 31, 9, 30, 0, 5)), new Date(-1)];
    const names = ["event_time", "seen_at", "other"];
    const columns = names.map((name): ColumnSource => ({ name, data, type: "TIMESTAMP" }));
    const [first, second] = [`"2026-01-31T09:30:00.005Z"`, `"1969-12-31T23:59:59.999Z"`];
    assert.deepEqual(await linesOf(file("times.parquet", written(columns))), [
      `{"event_time":${first},"seen_at":1769851800005,"other":${first}}`,
      `{"event_time":${second},"seen_at":-1,"other":${second}}`,
    ]);
  });

  it("keeps every digit of a decimal, and texts' bytes, UTF-8 or not", async () => {
    const schema: SchemaElement[] = [
      { name: "root", num_children: 2 },
      { name: "amount", type: "INT64", converted_type: "DECIMAL", scale: 3, precision: 18 },
      { name: "name", type: "BYTE_ARRAY", converted_type: "UTF8" },
    ];
    const columns: ColumnSource[] = [
      { name: "amount", data: [57n, -1200n, 123456789012345678n] },
      { name: "name", data: [Uint8Array.of(0x52, 0xe9), Buffer.from("é"), Buffer.from("")] },
    ];
    const path = file("exact.parquet", written(columns, { schema }));
    const settings: FileSettings = { format: "json", leaves, stdin: Readable.from([]) };
    const { value } = await readRecords([path], settings).next();
    assert.equal(
      Buffer.from(value?.bytes ?? []).toString("latin1"),
      '{"amount":0.057,"name":"R\xe9"}\n{"amount":-1.2,"name":"Ã©"}\n{"amount":123456789012345.678,"name":""}\n',
    );
  });

  it("is read row group by row group, in order, whatever its name", async () => {
    const data = Array.from({ length: 2500 }, (_, i) => BigInt(i));
    const bytes = written([{ name: "n", data, type: "INT64" }], { rowGroupSize: 1000 });
    const lines = await linesOf(file("groups.ndjson", bytes));
    assert.deepEqual(
      lines,
      data.map((n) => `{"n":${n}}`),
    );
    assert.deepEqual(
      await linesOf(file("none.parquet", written([{ name: "n", data: [], type: "INT64" }]))),
      [],
    );
  });

  it("tells the bytes of a row group as its rows leave", async () => {
    const data = Array.from({ length: 40_000 }, (_, i) => `${i}${"x".repeat(50)}`);
    const bytes = written([{ name: "text", data, type: "STRING" }], { rowGroupSize: 40_000 });
    const told: number[] = [];
    await linesOf(file("told.parquet", bytes), { onBytes: (count) => told.push(count) });
    const sum = told.reduce((total, count) => total + count, 0);
    assert.ok(told.length > 1 && told.every((count) => count > 0));
    assert.ok(sum > 0.9 * bytes.length && sum <= bytes.length, `${sum} of ${bytes.length}`);
  });

  it("written by PyArrow gives the values that were written", async () => {
    const lines = await linesOf(fixture("pyarrow"));
    const loan = `"loan":{"amount_cents":9007199254740993,"quoted_apr":-12.3456,"product":"auto","purposes":["a",null]}`;
    const visits = `"visits":[{"page":"é\\"","ms":0},{}]`;
    assert.equal(lines.length, 8);
    assert.equal(
      lines[0],
      `{"event_id":"e0","event_time":"2026-01-31T09:30:00.123Z","seen_at":1767225600000,"born":"1970-01-01",${loan},` +
        `"verified":true,"ratio":0.1,"small":4294967295,"wide":18446744073709551615,"reasons":["R1","R2"],${visits}}`,
    );
    assert.match(lines[1] ?? "", /"verified":false,"small":4294967294,.*"reasons":\[\],/);
    assert.equal(
      lines[5],
      '{"event_id":"e5","event_time":"2026-01-31T09:30:05.123Z","born":"1956-04-24","ratio":1e-7,' +
        '"small":4294967290,"wide":18446744073709551610}',
    );
  });

  it("written by DuckDB gives the values that were written", async () => {
    const rest = '"reasons":["a",null,"c"],"id":"00112233-4455-6677-8899-aabbccddeeff","day":"2026-01-31"';
    const loans = ['{"product":"auto","amount_cents":9007199254740993}', '{"amount_cents":9007199254740994}'];
    assert.deepEqual((await linesOf(fixture("duckdb"))).slice(0, 2), [
      `{"event_id":"e0","event_time":"2026-01-31T09:30:00.123Z","dec":0,"huge":0,"loan":${loans[0]},${rest}}`,
      `{"event_id":"e1","event_time":"2026-01-31T09:30:00.124Z","dec":1.25,"huge":1,"loan":${loans[1]},${rest}}`,
    ]);
  });

  it("with a type that isn't read is refused if the schema reads the column, and read without it else", async () => {
    assert.doesNotMatch((await linesOf(fixture("pyarrow"))).join(""), /"clock"|"attributes"/);
    const wanted = { leaves: [leaf("clock", STRING, 0)] };
    assert.deepEqual(await complaintOf(fixture("pyarrow"), wanted), {
      code: "file.parquet-unsupported",
      message: "column clock is of the type TIME, which is not read",
    });
  });

  it("cut short, damaged, or none at all is refused by its name", async () => {
    const whole = readFileSync(fixture("pyarrow"));
    const damaged = Buffer.from(whole).fill(0xff, 40, 400);
    for (const [name, bytes] of Object.entries({
      cut: whole.subarray(0, -9),
      damaged,
      magic: Buffer.from("PAR1"),
    }))
      assert.equal((await complaintOf(file(name, bytes))).code, "file.parquet-malformed", name);
    const { message } = await complaintOf(file("text.parquet", Buffer.from("{}\n")));
    assert.equal(message, "it doesn't begin as Parquet does");
  });

  it("with two columns for one field is refused by their names", async () => {
    const columns: ColumnSource[] = ["loan.product", "loan.product"].map((name) => ({
      name,
      data: ["auto"],
    }));
    assert.deepEqual(await complaintOf(file("twice.parquet", written(columns))), {
      code: "file.parquet-malformed",
      message: "columns loan.product and loan.product are one field",
    });
  });

  it("is refused by standard input and where it is compressed as a whole", async () => {
    const whole = readFileSync(fixture("duckdb"));
    const stdin = Readable.from([whole]);
    assert.equal((await complaintOf("-", { stdin })).code, "file.parquet-unsupported");
    assert.equal((await complaintOf(file("p.parquet.gz", gzipSync(whole)))).code, "file.parquet-unsupported");
  });
});
