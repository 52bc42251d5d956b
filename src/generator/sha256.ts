/** The compression function of SHA-256 (FIPS 180-4): a call into the platform's costs more than a short value's hash. */

export const stateWords = 8;

const primes: number[] = [];
for (let candidate = 2; primes.length < 64; candidate += 1) {
  if (primes.every((prime) => candidate % prime !== 0)) primes.push(candidate);
}

/** The first 32 bits of the fraction of a root, by whole numbers alone. */
function fractionOfRoot(prime: number, degree: 2 | 3): number {
  const scaled = BigInt(prime) << BigInt(32 * degree);
  let low = 0n;
  for (let bit = 1n << 36n; bit > 0n; bit >>= 1n) {
    const tried = low | bit;
    if (tried ** BigInt(degree) <= scaled) low = tried;
  }
  return Number(BigInt.asIntN(32, low));
}

const constants = Int32Array.from(primes, (prime) => fractionOfRoot(prime, 3));
const initial = Int32Array.from(primes.slice(0, stateWords), (prime) => fractionOfRoot(prime, 2));
const schedule = new Int32Array(64);

export function initialState(): Int32Array {
  return initial.slice();
}

/** Takes 64 bytes from `at` into the state. */
export function compress(state: Int32Array, bytes: Uint8Array, at: number): void {
  prepare(bytes, at);
  let a = state[0] ?? 0;
  let b = state[1] ?? 0;
  let c = state[2] ?? 0;
  let d = state[3] ?? 0;
  let e = state[4] ?? 0;
  let f = state[5] ?? 0;
  let g = state[6] ?? 0;
  let h = state[7] ?? 0;
  for (let i = 0; i < 64; i += 1) {
    const e3 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const first = (h + e3 + (g ^ (e & (f ^ g))) + (constants[i] ?? 0) + (schedule[i] ?? 0)) | 0;
    const a3 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const second = (a3 + ((a & b) | (c & (a | b)))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
  }
  state[0] = (state[0] ?? 0) + a;
  state[1] = (state[1] ?? 0) + b;
  state[2] = (state[2] ?? 0) + c;
  state[3] = (state[3] ?? 0) + d;
  state[4] = (state[4] ?? 0) + e;
  state[5] = (state[5] ?? 0) + f;
  state[6] = (state[6] ?? 0) + g;
  state[7] = (state[7] ?? 0) + h;
}

function prepare(bytes: Uint8Array, at: number): void {
  for (let i = 0; i < 16; i += 1) {
    const from = at + i * 4;
    schedule[i] =
      ((bytes[from] ?? 0) << 24) |
      ((bytes[from + 1] ?? 0) << 16) |
      ((bytes[from + 2] ?? 0) << 8) |
      (bytes[from + 3] ?? 0);
  }
  for (let i = 16; i < 64; i += 1) {
    const x = schedule[i - 15] ?? 0;
    const y = schedule[i - 2] ?? 0;
    const x3 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const y3 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    schedule[i] = (schedule[i - 16] ?? 0) + x3 + (schedule[i - 7] ?? 0) + y3;
  }
}
