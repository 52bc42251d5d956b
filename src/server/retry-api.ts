/** Repaired dead letters, sent as NDJSON: `{"partition":0,"position":17,"record":{…}}` a line. */
import { fail, type LoanstreamError } from "../errors.ts";
import type { RepairedLetter, RetriedLetter } from "./parts.ts";

/** All of them, or none: throws `request.invalid-body` with the first line that is wrong, and nothing of its content. */
export function readLetters(body: string): readonly RepairedLetter[] {
  const lines = body.split("\n").map((text, i) => ({ text: text.trim(), line: i + 1 }));
  return lines.filter(({ text }) => text !== "").map(({ text, line }) => readLetter(text, line));
}

function readLetter(text: string, line: number): RepairedLetter {
  const { partition, position, record } = { ...jsonObject(text, line) };
  if (!isWhole(partition) || !isWhole(position)) throw invalid(line, "lacks a whole partition or position");
  if (typeof record !== "string" && (typeof record !== "object" || record === null))
    throw invalid(line, "has no record");
  const json = typeof record === "string" ? record : JSON.stringify(record);
  return { partition, position, record: new TextEncoder().encode(json) };
}

function jsonObject(text: string, line: number): Readonly<Record<string, unknown>> {
  try {
    const found: unknown = JSON.parse(text);
    if (typeof found === "object" && found !== null) return { ...found };
  } catch {
    throw invalid(line, "is no JSON");
  }
  throw invalid(line, "is no JSON object");
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** An outcome a line. */
export function lettersReply(letters: readonly RetriedLetter[]): string {
  return letters
    .map(({ partition, position, retriedAs, already }) => {
      return `${JSON.stringify({ partition, position, retried_as: retriedAs, already })}\n`;
    })
    .join("");
}

function invalid(line: number, message: string): LoanstreamError {
  const remedy = 'Send lines such as {"partition":0,"position":17,"record":{}}.';
  return fail("request.invalid-body", `line ${line} of the body ${message}`, remedy);
}
