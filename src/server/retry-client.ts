/** Repaired dead letters sent to the running instance. */
import { catalogue, type ErrorCode, fail, type LoanstreamError } from "../errors.ts";
import type { RepairedLetter, RetriedLetter } from "./parts.ts";
import type { Running } from "./running.ts";

/** Far below what the server takes at once. */
const BYTES_AT_ONCE = 1 << 20;

/** In the order given. Throws what the instance answers, and `server.unreachable`. */
export async function retryOver(
  running: Running,
  letters: readonly RepairedLetter[],
): Promise<readonly RetriedLetter[]> {
  const retried: RetriedLetter[] = [];
  for (const body of bodiesOf(letters)) retried.push(...(await send(running, body)));
  return retried;
}

function* bodiesOf(letters: readonly RepairedLetter[]): Generator<string> {
  let body = "";
  for (const { partition, position, record } of letters) {
    body += `${JSON.stringify({ partition, position, record: new TextDecoder().decode(record) })}\n`;
    if (body.length < BYTES_AT_ONCE) continue;
    yield body;
    body = "";
  }
  if (body !== "") yield body;
}

async function send({ url, token }: Running, body: string): Promise<readonly RetriedLetter[]> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/x-ndjson" };
  const reply = await fetch(`${url}/v1/dlq/retry`, { method: "POST", headers, body }).catch((error) => {
    throw unreachable(url, error instanceof Error ? error.message : "no answer");
  });
  const text = await reply.text();
  if (!reply.ok) throw refusal(url, reply.status, text);
  return text
    .trim()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => readRetried(line));
}

function readRetried(line: string): RetriedLetter {
  const { partition, position, retried_as, already } = JSON.parse(line);
  return {
    partition: Number(partition),
    position: Number(position),
    retriedAs: { partition: Number(retried_as.partition), position: Number(retried_as.position) },
    already: already === true,
  };
}

function refusal(url: string, status: number, text: string): LoanstreamError {
  const { code, message, remedy } = problemIn(text);
  if (isCode(code) && typeof message === "string" && typeof remedy === "string")
    return fail(code, message, remedy);
  return unreachable(url, `HTTP status ${status}`);
}

function problemIn(text: string): { code?: unknown; message?: unknown; remedy?: unknown } {
  try {
    const found: unknown = JSON.parse(text);
    return typeof found === "object" && found !== null && "error" in found ? { ...Object(found.error) } : {};
  } catch {
    return {};
  }
}

const isCode = (code: unknown): code is ErrorCode =>
  typeof code === "string" && Object.hasOwn(catalogue, code);

function unreachable(url: string, reason: string): LoanstreamError {
  const remedy = "Look at its messages, or end it and try again: then it is done without it.";
  return fail("server.unreachable", `the running instance at ${url} doesn't do it (${reason})`, remedy);
}
