/** A list of records that every process of a test reads from one file: generated events, and bad ones among them. */
import { Buffer } from "node:buffer";
import { readFileSync, writeFileSync } from "node:fs";
import { createGenerator } from "../../src/generator/generator.ts";

export interface ArrivedRecord {
  /** As it came, without a line end. */
  readonly bytes: Uint8Array;
  readonly ingestTimeMs: number;
}

/** Writes `count` records: late, duplicate, dead ones and those of the far future are a tenth of them. */
export function writeRecords(file: string, count: number, seed: number, ratePerSecond: number): void {
  const startMs = Date.UTC(2026, 0, 5, 6);
  const events = createGenerator({ seed, startMs, ratePerSecond, badShare: 0.1, duplicateShare: 0.02 });
  const lines = events.take(count).map(({ json, arrivalMs }) => `${arrivalMs} ${json}\n`);
  writeFileSync(file, [...lines].join(""));
}

export function readRecords(file: string): readonly ArrivedRecord[] {
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => {
    const space = line.indexOf(" ");
    return { bytes: Buffer.from(line.slice(space + 1)), ingestTimeMs: Number(line.slice(0, space)) };
  });
}
