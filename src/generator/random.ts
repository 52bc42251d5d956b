/**
 * Seeded randomness that can jump: every application, person and campaign has a stream of its own, so that
 * each can be drawn again at any time from its number alone. The generator is sfc32 by Chris Doty-Humphrey
 * (PractRand); seeds are mixed with the finaliser of MurmurHash3 (Austin Appleby). Only arithmetic,
 * Math.log, Math.exp and Math.sqrt are used, which V8 computes in software, alike on every platform.
 */
import { hash } from "node:crypto";

/** What a stream is for; streams with different purposes are independent. */
const purposes = {
  arrivals: 1,
  application: 2,
  applicant: 3,
  details: 4,
  delivery: 5,
  campaign: 6,
  ids: 7,
  person: 8,
  wait: 9,
  device: 10,
  address: 11,
  outlook: 12,
  in_flight: 13,
  bad: 14,
} as const;

export type StreamPurpose = keyof typeof purposes;

export interface Random {
  /** Continues with the stream of this purpose, number (a safe integer >= 0) and branch (a small integer). */
  seek(purpose: StreamPurpose, number: number, branch: number): void;
  /** In [0, 1), 32 bits. */
  uniform(): number;
  /** An unsigned integer of 32 bits. */
  bits(): number;
  /** An integer in [0, below). */
  below(below: number): number;
  /** Standard normal. */
  normal(): number;
  /** `median · e^(sigma · normal)`. */
  logNormal(median: number, sigma: number): number;
  exponential(mean: number): number;
  chance(probability: number): boolean;
}

const perWord = 1 / 0x1_0000_0000;

export function createRandom(seed: number): Random {
  const words = seedWords(`seed ${seed}`);
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 1;
  const bits = (): number => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return t >>> 0;
  };
  const seek = (purpose: StreamPurpose, number: number, branch: number): void => {
    a = mix(words[0] ^ mix((number | 0) ^ words[3]));
    b = mix(words[1] ^ Math.floor(number * perWord) ^ Math.imul(a, 0x9e3779b1));
    c = mix(words[2] ^ (branch * 64 + purposes[purpose]) ^ Math.imul(b, 0x85ebca6b));
    d = 1;
    for (let round = 0; round < 6; round += 1) bits();
  };
  const uniform = (): number => bits() * perWord;
  const normal = (): number => standardNormalQuantile((bits() + 0.5) * perWord);
  return {
    seek,
    uniform,
    bits,
    normal,
    below: (below) => Math.floor(uniform() * below),
    logNormal: (median, sigma) => median * Math.exp(sigma * normal()),
    exponential: (mean) => -mean * Math.log(1 - uniform()),
    chance: (probability) => uniform() < probability,
  };
}

function seedWords(text: string): readonly [number, number, number, number] {
  const digest = hash("sha256", text, "buffer");
  return [digest.readInt32LE(0), digest.readInt32LE(4), digest.readInt32LE(8), digest.readInt32LE(12)];
}

function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** Inverse of the standard normal distribution, relative error below 1.2e-9 (Peter J. Acklam's approximation). */
export function standardNormalQuantile(p: number): number {
  if (p < 0.02425) return tailQuantile(Math.sqrt(-2 * Math.log(p)));
  if (p > 1 - 0.02425) return -tailQuantile(Math.sqrt(-2 * Math.log(1 - p)));
  const q = p - 0.5;
  const r = q * q;
  const over =
    ((((-39.69683028665376 * r + 220.9460984245205) * r - 275.9285104469687) * r + 138.357751867269) * r -
      30.66479806614716) *
      r +
    2.506628277459239;
  const under =
    ((((-54.47609879822406 * r + 161.5858368580409) * r - 155.6989798598866) * r + 66.80131188771972) * r -
      13.28068155288572) *
      r +
    1;
  return (q * over) / under;
}

function tailQuantile(q: number): number {
  const over =
    ((((-0.007784894002430293 * q - 0.3223964580411365) * q - 2.400758277161838) * q - 2.549732539343734) *
      q +
      4.374664141464968) *
      q +
    2.938163982698783;
  const under =
    (((0.007784695709041462 * q + 0.3224671290700398) * q + 2.445134137142996) * q + 3.754408661907416) * q +
    1;
  return over / under;
}

export type Choice<Value> = (random: Random) => Value;

/** Draws from values with weights that need not add to one. */
export function choice<Value>(values: readonly Value[], weightOf: (value: Value) => number): Choice<Value> {
  let sum = 0;
  const upTo = values.map((value) => {
    sum += weightOf(value);
    return sum;
  });
  const last = values[values.length - 1];
  if (last === undefined) throw new RangeError("a choice needs at least one value");
  return (random) => {
    const at = random.uniform() * sum;
    for (let i = 0; i < upTo.length; i += 1) if (at < (upTo[i] ?? sum)) return values[i] ?? last;
    return last;
  };
}

/** The same over a record of weights, in the record's order. */
export function weighted<Value extends string>(weights: Readonly<Record<Value, number>>): Choice<Value> {
  const values: Value[] = [];
  for (const value in weights) values.push(value);
  return choice(values, (value) => weights[value]);
}
