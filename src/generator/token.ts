/** Keyed tokens: HMAC-SHA-256 (RFC 2104), as hex. Equal values have equal tokens, and without the key none can be undone. */
import { hash } from "node:crypto";
import { type Line, putHex } from "./line.ts";
import { compress, initialState, stateWords } from "./sha256.ts";

const blockBytes = 64;

/** Writes the token of the bytes in [from, to). */
export type PutToken = (line: Line, source: Uint8Array, from: number, to: number) => void;

/**
 * The two key blocks are compressed once, so that a short value costs two compressions.
 * @param key at most 64 bytes.
 */
export function createTokeniser(key: Uint8Array): PutToken {
  if (key.length > blockBytes) throw new RangeError(`a token key has at most ${blockBytes} bytes`);
  const block = new Uint8Array(blockBytes);
  const inner = stateAfter(key, 0x36);
  const outer = stateAfter(key, 0x5c);
  const state = new Int32Array(stateWords);
  return (line, source, from, to) => {
    state.set(inner);
    digestRest(state, block, source, from, to);
    for (let word = 0; word < stateWords; word += 1) writeWord(block, word * 4, state[word] ?? 0);
    state.set(outer);
    pad(block, 32, blockBytes + 32);
    compress(state, block, 0);
    for (let word = 0; word < stateWords; word += 1) putHex(line, state[word] ?? 0);
  };
}

function stateAfter(key: Uint8Array, mask: number): Int32Array {
  const block = new Uint8Array(blockBytes).fill(mask);
  for (const [i, byte] of key.entries()) block[i] = byte ^ mask;
  const state = initialState();
  compress(state, block, 0);
  return state;
}

/** The message behind the key block, and the padding. */
function digestRest(
  state: Int32Array,
  block: Uint8Array,
  source: Uint8Array,
  from: number,
  to: number,
): void {
  let at = from;
  for (; to - at >= blockBytes; at += blockBytes) compress(state, source, at);
  const rest = to - at;
  for (let i = 0; i < rest; i += 1) block[i] = source[at + i] ?? 0;
  const total = blockBytes + to - from;
  if (rest >= blockBytes - 8) {
    block[rest] = 0x80;
    block.fill(0, rest + 1);
    compress(state, block, 0);
    block.fill(0);
    writeWord(block, blockBytes - 4, total * 8);
  } else {
    pad(block, rest, total);
  }
  compress(state, block, 0);
}

/** Ends a block of `length` bytes as the last one of a message of `total` bytes, below 512 MB. */
function pad(block: Uint8Array, length: number, total: number): void {
  block[length] = 0x80;
  for (let i = length + 1; i < blockBytes - 4; i += 1) block[i] = 0;
  writeWord(block, blockBytes - 4, total * 8);
}

function writeWord(block: Uint8Array, at: number, word: number): void {
  block[at] = word >>> 24;
  block[at + 1] = word >>> 16;
  block[at + 2] = word >>> 8;
  block[at + 3] = word;
}

/** The generator's own key: the same seed gives the same tokens anywhere. */
export function tokenKeyOfSeed(seed: number): Uint8Array {
  return hash("sha256", `loanstream generator token key ${seed}`, "buffer");
}
