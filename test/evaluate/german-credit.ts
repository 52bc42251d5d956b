/** The German credit example: its pipeline, its rows, and ways to run it. */
import { createReadStream, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "csv-parse/sync";
import type { RecordBatch } from "../../src/engine/batch.ts";
import { readRecords } from "../../src/eventlog/files/read.ts";
import { loadPipeline } from "../../src/pipeline/load.ts";

export const directory = fileURLToPath(new URL("../../examples/german-credit", import.meta.url));
export const pipeline = loadPipeline(directory);
const file = `${directory}/data/germancredit.csv`;

export type CsvRow = Readonly<Record<string, string>>;

/** The file by position, read without the code under test. */
export const rows: readonly CsvRow[] = parse(readFileSync(file, "utf8"), { columns: true });

export const records = (): AsyncIterable<RecordBatch> =>
  readRecords([file], {
    format: "csv",
    leaves: pipeline.schema.leaves,
    stdin: createReadStream("/dev/null"),
    batchBytes: 10_000,
  });
