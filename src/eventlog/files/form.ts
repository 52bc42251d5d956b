/** What a stream of bytes is, by its first ones. */
import { Buffer } from "node:buffer";

export type Form = "gzip" | "zstd" | "parquet" | "plain";

const HEAD_BYTES = 4;

export interface Peeked<F extends Form = Form> {
  readonly form: F;
  /** All of them, the first ones included. */
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** Reads as many bytes as tell the form. Without iterating the rest, the source stays open. */
export async function peek(chunks: AsyncIterable<Uint8Array>): Promise<Peeked> {
  const iterator = chunks[Symbol.asyncIterator]();
  let head: Uint8Array = new Uint8Array(0);
  while (head.length < HEAD_BYTES) {
    const next = await iterator.next();
    if (next.done) break;
    head = Buffer.concat([head, next.value]);
  }
  return { form: formOf(head), bytes: following(head, iterator) };
}

async function* following(head: Uint8Array, iterator: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (head.length > 0) yield head;
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
  } finally {
    await iterator.return?.();
  }
}

/** RFC 1952, RFC 8878 (frames and skippable frames), and the Parquet format's magic numbers. */
function formOf(head: Uint8Array): Form {
  const magic = Buffer.from(head.subarray(0, HEAD_BYTES)).toString("hex");
  if (magic.startsWith("1f8b")) return "gzip";
  if (magic === "28b52ffd" || /^5.2a4d18$/.test(magic)) return "zstd";
  return magic === "50415231" || magic === "50415245" ? "parquet" : "plain";
}
