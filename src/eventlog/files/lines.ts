/** Cuts a stream of bytes into batches of lines. */
import { Buffer } from "node:buffer";

/** Records without a place yet: record i is `bytes[offsets[i], offsets[i+1])`. */
export interface Lines {
  readonly bytes: Uint8Array;
  readonly offsets: Uint32Array;
  readonly count: number;
}

const LINE_FEED = 0x0a;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Batches of whole lines, each of at least `batchBytes` but the last. Lines of white space are no records, and
 * the last line needs no line end. A batch is as long as its longest line needs it to be.
 */
export async function* batchLines(
  chunks: AsyncIterable<Uint8Array>,
  batchBytes: number,
): AsyncGenerator<Lines> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  for await (const chunk of withoutMark(chunks)) {
    const cut = heldBytes + chunk.length < batchBytes ? 0 : chunk.lastIndexOf(LINE_FEED) + 1;
    if (cut > 0) {
      yield* someLines(Buffer.concat([...held, chunk.subarray(0, cut)]));
      held = [];
      heldBytes = 0;
    }
    held.push(chunk.subarray(cut));
    heldBytes += chunk.length - cut;
  }
  yield* someLines(Buffer.concat(held));
}

function* someLines(bytes: Uint8Array): Generator<Lines> {
  const lines = indexLines(bytes);
  if (lines.count > 0) yield lines;
}

/** Where each line that is not blank begins; blank lines belong to the record before them, as white space. */
function indexLines(bytes: Uint8Array): Lines {
  let offsets = new Uint32Array(1024);
  let count = 0;
  for (let start = 0; start < bytes.length; ) {
    const lineFeed = bytes.indexOf(LINE_FEED, start);
    const next = lineFeed < 0 ? bytes.length : lineFeed + 1;
    if (!isBlank(bytes, start, next)) {
      if (count + 1 === offsets.length) offsets = grown(offsets);
      offsets[count++] = start;
    }
    start = next;
  }
  offsets[count] = bytes.length;
  return { bytes, offsets: offsets.subarray(0, count + 1), count };
}

function grown(offsets: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(offsets.length * 2);
  larger.set(offsets);
  return larger;
}

function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d && byte !== LINE_FEED) return false;
  }
  return true;
}

/** Without a byte order mark at the beginning. */
export async function* withoutMark(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let head: Uint8Array | null = new Uint8Array(0);
  for await (const chunk of chunks) {
    if (head === null) {
      yield chunk;
      continue;
    }
    head = Buffer.concat([head, chunk]);
    if (head.length < BYTE_ORDER_MARK.length) continue;
    yield BYTE_ORDER_MARK.equals(head.subarray(0, 3)) ? head.subarray(3) : head;
    head = null;
  }
  if (head !== null) yield head;
}
