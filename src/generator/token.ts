/** Keyed tokens: HMAC-SHA-256 (RFC 2104), as hex. Equal values have equal tokens, and without the key none can be undone. */
import { hash } from "node:crypto";

const blockBytes = 64;
const mostBytes = 3_000;

export type Tokenise = (value: string) => string;

/**
 * Two one-shot hashes over prepared blocks: ten times as fast as `createHmac` for short values.
 * @param key at most 64 bytes.
 */
export function createTokeniser(key: Uint8Array): Tokenise {
  if (key.length > blockBytes) throw new RangeError(`a token key has at most ${blockBytes} bytes`);
  const inner = Buffer.alloc(blockBytes + mostBytes, 0);
  const outer = Buffer.alloc(blockBytes + 32, 0);
  for (let i = 0; i < blockBytes; i += 1) {
    inner[i] = (key[i] ?? 0) ^ 0x36;
    outer[i] = (key[i] ?? 0) ^ 0x5c;
  }
  return (value) => {
    if (value.length * 3 > mostBytes)
      throw new RangeError(`a value to tokenise has at most ${mostBytes / 3} characters`);
    const bytes = inner.write(value, blockBytes, "utf8");
    outer.write(hash("sha256", inner.subarray(0, blockBytes + bytes), "binary"), blockBytes, "latin1");
    return hash("sha256", outer, "hex");
  };
}

/** The generator's own key: the same seed gives the same tokens anywhere. */
export function tokenKeyOfSeed(seed: number): Uint8Array {
  return hash("sha256", `loanstream generator token key ${seed}`, "buffer");
}
