/**
 * A directory in memory that keeps apart what was written and what was synced, and loses power, room or its process
 * when a test says so. Everything random comes from the seed.
 */
import { Buffer } from "node:buffer";
import type { SegmentDirectory, SegmentFile } from "../../../src/eventlog/segments/segment-file.ts";

type Change =
  | { readonly kind: "write"; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: "truncate"; readonly size: number };

/** A file, whatever names it: an inode. */
interface Content {
  now: Uint8Array;
  /** As of the last sync. */
  durable: Uint8Array;
  /** Since the last sync, in order. */
  changes: Change[];
}

export interface SimulatedDirectory extends SegmentDirectory {
  /** So many bytes more fit on it. */
  fillUpTo(bytesLeft: number): void;
  /** Everything stops during the n-th change or sync from now on. */
  stopAfter(operations: number): void;
  /** Whether it has. */
  isDown(): boolean;
  /**
   * After a loss of power: of what wasn't synced each write, truncation and name is lost or kept, a write also torn,
   * whatever their order. What was open is no longer.
   */
  powerUp(): void;
  /** After the process alone was killed: what was written stays, and is synced no more than it was. */
  startProcess(): void;
  /** What a file holds, as `cat` shows it. */
  text(name: string): string;
}

export function simulatedDirectory(seed: number): SimulatedDirectory {
  const random = generator(seed);
  let names = new Map<string, Content>();
  let durableNames = new Map<string, Content>();
  let operationsLeft = Infinity;
  let process = 0;
  let size = Infinity;

  const coin = () => random() < 0.5;
  const used = () => [...names.values()].reduce((sum, { now }) => sum + now.length, 0);

  /** Lets others run, then has the work done, unless the power is gone; it goes behind the last that is left. */
  async function change<T>(owner: number, work: () => T): Promise<T> {
    for (let turns = Math.floor(random() * 4); turns > 0; turns--) await null;
    if (owner !== process) throw new Error("its process has ended");
    if (operationsLeft <= 0) throw new Error("it has stopped");
    operationsLeft--;
    if (operationsLeft > 0) return work();
    if (coin()) work();
    throw new Error("it has stopped");
  }

  function write(content: Content, at: number, bytes: Uint8Array): void {
    const room = size - used() + content.now.length - at;
    const fitting = bytes.subarray(0, Math.max(0, Math.min(bytes.length, room)));
    content.now = written(content.now, at, fitting);
    content.changes.push({ kind: "write", at, bytes: fitting.slice() });
    if (fitting.length < bytes.length) throw noRoom();
  }

  function fileOf(content: Content): SegmentFile {
    const owner = process;
    return {
      size: async () => content.now.length,
      read: async (at, length) => {
        await null;
        return content.now.slice(at, at + length);
      },
      async write(at, bytes) {
        const half = Math.floor(random() * bytes.length);
        await change(owner, () => write(content, at, bytes.subarray(0, half)));
        await change(owner, () => write(content, at + half, bytes.subarray(half)));
      },
      truncate: (to) =>
        change(owner, () => {
          content.now = resized(content.now, to);
          content.changes.push({ kind: "truncate", size: to });
        }),
      sync: () =>
        change(owner, () => {
          content.durable = content.now;
          content.changes = [];
        }),
      close: async () => {},
    };
  }

  function open(name: string): SegmentFile {
    const found = names.get(name);
    if (found) return fileOf(found);
    if (used() >= size) throw noRoom();
    const made: Content = { now: new Uint8Array(0), durable: new Uint8Array(0), changes: [] };
    names.set(name, made);
    return fileOf(made);
  }

  function settleNames(): void {
    const kept = new Map<string, Content>();
    for (const name of new Set([...names.keys(), ...durableNames.keys()])) {
      const content = (coin() ? names : durableNames).get(name);
      if (content) kept.set(name, content);
    }
    names = kept;
    durableNames = new Map(kept);
  }

  function settle(content: Content): void {
    content.now = content.changes.reduce(survive, content.durable);
    content.durable = content.now;
    content.changes = [];
  }

  function survive(bytes: Uint8Array, change: Change): Uint8Array {
    if (change.kind === "truncate") return coin() ? resized(bytes, change.size) : bytes;
    const fate = random();
    if (fate < 0.3) return bytes;
    if (fate < 0.6) return written(bytes, change.at, change.bytes);
    const [first, last] = [random(), random()].map((share) => Math.floor(share * (change.bytes.length + 1)));
    const from = Math.min(first!, last!);
    return written(bytes, change.at + from, change.bytes.subarray(from, Math.max(first!, last!)));
  }

  return {
    name: `simulated-${seed}`,
    fillUpTo: (bytesLeft) => {
      size = used() + bytesLeft;
    },
    list: async () => [...names.keys()],
    openToRead: async (name) => {
      await null;
      const content = names.get(name);
      return content ? fileOf(content) : null;
    },
    open: (name) => change(process, () => open(name)),
    remove: (name) => change(process, () => void names.delete(name)),
    sync: () =>
      change(process, () => {
        durableNames = new Map(names);
      }),
    stopAfter: (operations) => {
      operationsLeft = operations;
    },
    isDown: () => operationsLeft <= 0,
    powerUp: () => {
      process++;
      operationsLeft = Infinity;
      settleNames();
      for (const content of names.values()) settle(content);
    },
    startProcess: () => {
      process++;
      operationsLeft = Infinity;
    },
    text: (name) => Buffer.from(names.get(name)?.now ?? []).toString(),
  };
}

function resized(bytes: Uint8Array, size: number): Uint8Array {
  const result = new Uint8Array(size);
  result.set(bytes.subarray(0, size));
  return result;
}

/** A gap before what is written is filled with zeros, as in a file. */
function written(bytes: Uint8Array, at: number, more: Uint8Array): Uint8Array {
  if (more.length === 0) return bytes;
  const result = resized(bytes, Math.max(bytes.length, at + more.length));
  result.set(more, at);
  return result;
}

function noRoom(): Error {
  return Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
}

/** Numbers of [0, 1): mulberry32. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
