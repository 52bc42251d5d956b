/** What a crash of the machine may leave behind the durable end of a log: a group that was written in part. */
import { Buffer } from "node:buffer";
import { appendFileSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { crc32c } from "../../src/crc32c.ts";
import { decodeEntries, encodeEntries } from "../../src/eventlog/segments/sidecar.ts";
import type { Random } from "../../src/generator/random.ts";
import type { ArrivedRecord } from "./records.ts";

export const TEARS = [
  "records without an entry",
  "records cut short",
  "entry cut short",
  "entry without records",
  "garbage behind the records",
  "garbage behind the entries",
  "zeros behind both",
] as const;
export type Tear = (typeof TEARS)[number];

/**
 * Tears the write of the next records. Leaves a log alone that the kill itself has torn, or that has no segment yet:
 * says whether it did anything.
 */
export function tear(
  directory: string,
  how: Tear,
  nextAt: (position: number) => readonly ArrivedRecord[],
  random: Random,
): boolean {
  const end = endOf(directory);
  if (end === null) return false;
  const next = nextAt(end.position);
  const lines = Buffer.from(next.map(({ bytes }) => `${Buffer.from(bytes).toString()}\n`).join(""));
  const { position } = end;
  const entry = encodeEntries([
    {
      basePosition: position,
      groupPosition: position,
      ingestTimeMs: next.at(-1)?.ingestTimeMs ?? 0,
      count: next.length,
      length: lines.length,
      crc: crc32c(lines),
    },
  ]);
  const torn = tornGroup(how, lines, entry, random);
  appendFileSync(end.records, torn.records);
  appendFileSync(end.sidecar, torn.entries);
  return true;
}

interface TornGroup {
  readonly records: Uint8Array;
  readonly entries: Uint8Array;
}

function tornGroup(how: Tear, lines: Uint8Array, entry: Uint8Array, random: Random): TornGroup {
  const none = new Uint8Array(0);
  const garbage = (): Uint8Array =>
    Uint8Array.from({ length: 1 + random.below(300) }, () => random.below(256));
  switch (how) {
    case "records without an entry":
      return { records: lines, entries: none };
    case "records cut short":
      return { records: lines.subarray(0, random.below(lines.length)), entries: entry };
    case "entry cut short":
      return { records: lines, entries: entry.subarray(0, random.below(entry.length)) };
    case "entry without records":
      return { records: none, entries: entry };
    case "garbage behind the records":
      return { records: garbage(), entries: none };
    case "garbage behind the entries":
      return { records: none, entries: garbage() };
    case "zeros behind both":
      return { records: new Uint8Array(4096), entries: new Uint8Array(80) };
  }
}

interface LogEnd {
  readonly position: number;
  readonly records: string;
  readonly sidecar: string;
}

/** Of the newest segment, if records and sidecar agree to the byte. */
function endOf(directory: string): LogEnd | null {
  const name = readdirSync(directory)
    .filter((file) => file.endsWith(".batches"))
    .sort()
    .at(-1);
  if (name === undefined) return null;
  const sidecar = join(directory, name);
  const records = sidecar.replace(/batches$/, "ndjson");
  const bytes = readFileSync(sidecar);
  const entries = decodeEntries(bytes).filter((entry) => entry !== null);
  const length = entries.reduce((sum, entry) => sum + entry.length, 0);
  if (bytes.length !== entries.length * 40 || statSync(records).size !== length) return null;
  const last = entries.at(-1);
  const position = last === undefined ? Number.parseInt(name, 10) : last.basePosition + last.count;
  return { position, records, sidecar };
}
