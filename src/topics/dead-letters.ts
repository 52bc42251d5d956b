/** Dead letters with their records: to look at, to repair, to try again. */
import { Buffer } from "node:buffer";
import { createScanner } from "../contract/scan.ts";
import type { RecordPlace } from "../engine/engine.ts";
import { type Diagnostic, type ErrorCode, throwIfAny } from "../errors.ts";
import { FAR_FUTURE_MS, FAR_FUTURE_REASON, type Pipeline } from "../pipeline/pipeline.ts";
import type { StoredDeadLetter } from "../store/letters.ts";
import type { DataReader } from "./data-reader.ts";
import { recordsAcross } from "./event-records.ts";

export interface FoundLetter extends StoredDeadLetter {
  /** When the log took it in; null where it is no longer kept. */
  readonly timeMs: number | null;
  /** The bytes as they came; null where they are no longer kept. */
  readonly record: Uint8Array | null;
}

const LETTERS_AT_ONCE = 1000;

/** By partition, the oldest of each first, at most so many. */
export async function* deadLetters(data: DataReader, most: number): AsyncGenerator<FoundLetter> {
  let after: RecordPlace = { partition: -1, position: -1 };
  for (let left = most; left > 0; ) {
    const letters = data.store()?.deadLetters({ limit: Math.min(left, LETTERS_AT_ONCE), after }) ?? [];
    const recordAt = await recordsAcross(await data.partitions(), letters);
    for (const letter of letters) {
      const found = recordAt(letter);
      yield { ...letter, timeMs: found?.timeMs ?? null, record: found?.value ?? null };
    }
    after = letters.at(-1) ?? after;
    left = letters.length === 0 ? 0 : left - letters.length;
  }
}

/** A line of what is to be tried again. */
export interface RepairedLine extends RecordPlace {
  /** In its file, from 1. */
  readonly line: number;
  /** JSON on one line. */
  readonly record: Uint8Array;
}

/**
 * Reads lines such as `{"partition":0,"position":17,"record":{…}}`; other fields are ignored, and so are empty lines.
 * Throws `dlq.invalid-letter` with every line that is wrong, and nothing of its content.
 */
export function readRepaired(text: string, file: string): readonly RepairedLine[] {
  const diagnostics: Diagnostic[] = [];
  const seen = new Set<string>();
  const lines = text.split("\n").flatMap((content, index) => {
    if (content.trim() === "") return [];
    const repaired = readLine(content, index + 1);
    const found = typeof repaired === "string" ? repaired : twin(repaired, seen);
    if (typeof found !== "string") return [found];
    diagnostics.push(complaint("dlq.invalid-letter", found, WRITE, { file, line: index + 1 }));
    return [];
  });
  throwIfAny(diagnostics);
  return lines;
}

const WRITE = 'Write {"partition":0,"position":17,"record":{…}}, with the repaired record.';

function twin(repaired: RepairedLine, seen: Set<string>): RepairedLine | string {
  const place = `${repaired.partition}:${repaired.position}`;
  if (seen.has(place)) return `position ${repaired.position} stands here twice`;
  seen.add(place);
  return repaired;
}

function readLine(text: string, line: number): RepairedLine | string {
  const parsed = parse(text);
  if (typeof parsed !== "object" || parsed === null) return "this is no JSON object";
  const { partition, position, record } = { partition: null, position: null, record: null, ...parsed };
  if (!isWhole(partition) || !isWhole(position)) return "partition or position is missing";
  if (typeof record !== "object" || record === null || Array.isArray(record))
    return "the record is no JSON object";
  return { line, partition, position, record: Buffer.from(JSON.stringify(record)) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

export interface Judged {
  /** Those that can be tried again. */
  readonly good: readonly RepairedLine[];
  /** `dlq.not-dead` and `dlq.dead-again`, one for each of the others. */
  readonly refused: readonly Diagnostic[];
}

/**
 * Tells lines that would be taken in from those that would be dead again, unchanged ones among them, or never were dead.
 * One that isn't dead any more, as the schema has changed or its time has come, needs no change.
 *
 * @param nowMs when they would enter the log
 */
export async function judgeRepaired(
  lines: readonly RepairedLine[],
  file: string,
  { pipeline, data, nowMs }: { pipeline: Pipeline; data: DataReader; nowMs: number },
): Promise<Judged> {
  const recordAt = await recordsAcross(await data.partitions(), lines);
  const faultOf = faultFinder(pipeline, nowMs);
  const judged = lines.map((repaired) => {
    const { line, position, record } = repaired;
    const place = { file, line };
    if (!wasDead(repaired, data))
      return complaint("dlq.not-dead", `position ${position} holds no dead letter`, LISTED, place);
    const fault = faultOf(record);
    if (!fault) return repaired;
    const before = recordAt(repaired);
    const how = before && isSame(before.value, record) ? "is as it was and would be" : "would be";
    const message = `position ${position} ${how} dead again: ${fault.path} ${fault.reason}`;
    return complaint("dlq.dead-again", message, REPAIR, place);
  });
  return {
    good: judged.filter((each) => "record" in each),
    refused: judged.filter((each) => "code" in each),
  };
}

const REPAIR = "Repair it, or leave its line out: it has not been appended.";
const LISTED = "Take the positions that `loanstream dlq list` shows.";

function wasDead({ partition, position }: RecordPlace, data: DataReader): boolean {
  const [next] = data.store()?.deadLetters({ limit: 1, after: { partition, position: position - 1 } }) ?? [];
  return next?.partition === partition && next.position === position;
}

function complaint(code: ErrorCode, message: string, remedy: string, place: Diagnostic["place"]): Diagnostic {
  return { code, message, remedy, place };
}

/** Equal as JSON, whatever the white space. */
function isSame(before: Uint8Array, after: Uint8Array): boolean {
  const parsed = parse(Buffer.from(before).toString());
  return JSON.stringify(parsed) === Buffer.from(after).toString();
}

/** As the gate judges: by the schema, and by the time at which the record comes. */
function faultFinder({ schema, source }: Pipeline, nowMs: number) {
  const scan = createScanner(schema);
  const time = schema.leaves.findIndex(({ path }) => path === source.eventTime);
  return (bytes: Uint8Array): { readonly path: string; readonly reason: string } | null => {
    const offsets = Uint32Array.of(0, bytes.length);
    const batch = { partition: 0, basePosition: 0, count: 1, bytes, offsets, ingestTimesMs: null };
    const { faults, columns } = scan(batch);
    const times = columns[time];
    const eventTimeMs = times?.kind === "number" ? (times.values[0] ?? Number.NaN) : Number.NaN;
    if (faults[0] || !(eventTimeMs > nowMs + FAR_FUTURE_MS)) return faults[0] ?? null;
    return { path: `$.${source.eventTime}`, reason: FAR_FUTURE_REASON };
  };
}
