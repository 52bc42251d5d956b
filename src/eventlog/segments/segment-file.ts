/** What the log asks of a file system; an argument, so that a simulation can tear writes and lose them. */
import { constants } from "node:fs";
import { type FileHandle, open, readdir, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeDirectories } from "../../directories.ts";
import { unreadable, writeFailure } from "./failures.ts";

export interface ReadableFile {
  size(): Promise<number>;
  /** Fewer bytes than asked for where the file ends. */
  read(at: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

export interface SegmentFile extends ReadableFile {
  write(at: number, bytes: Uint8Array): Promise<void>;
  truncate(size: number): Promise<void>;
  /** Resolves once all that was written is durable. */
  sync(): Promise<void>;
}

/** Files to read, and nothing to change. */
export interface ReadableDirectory {
  /** For messages. */
  readonly name: string;
  list(): Promise<readonly string[]>;
  /** Null if there is no such file. What was opened can be read after it was removed. */
  openToRead(name: string): Promise<ReadableFile | null>;
}

export interface SegmentDirectory extends ReadableDirectory {
  /** Opens a file to read and write, empty if it wasn't there. */
  open(name: string): Promise<SegmentFile>;
  /** Does nothing if there is no such file. */
  remove(name: string): Promise<void>;
  /** Resolves once the files' names are durable. */
  sync(): Promise<void>;
}

/** A directory on disk; made if it isn't there. Only the owner may read it. Throws `log.disk-full`, `log.failed`. */
export async function nodeDirectory(path: string): Promise<SegmentDirectory> {
  try {
    if (makeDirectories(path, 0o700)) await syncDirectory(dirname(path));
  } catch (error) {
    throw writeFailure(path, error);
  }
  return {
    ...readableDirectory(path),
    open: async (name) => nodeFile(await open(join(path, name), constants.O_RDWR | constants.O_CREAT, 0o600)),
    remove: async (name) => {
      await unlessMissing(unlink(join(path, name)));
    },
    sync: () => syncDirectory(path),
  };
}

/** A directory on disk to read; empty if it isn't there. Its calls throw `file.unreadable`. */
export function readableDirectory(path: string): ReadableDirectory {
  return {
    name: path,
    list: async () => {
      const names = await unlessMissing(readdir(path)).catch((error) => {
        throw unreadable(path, error);
      });
      return names ?? [];
    },
    openToRead: async (name) => {
      const file = join(path, name);
      const handle = await unlessMissing(open(file, constants.O_RDONLY)).catch((error) => {
        throw unreadable(file, error);
      });
      return handle && readableFile(handle);
    },
  };
}

async function unlessMissing<T>(result: Promise<T>): Promise<T | null> {
  try {
    return await result;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

async function syncDirectory(path: string): Promise<void> {
  await using directory = await open(path, constants.O_RDONLY);
  await directory.sync();
}

function readableFile(handle: FileHandle): ReadableFile {
  return {
    size: async () => (await handle.stat()).size,
    read: (at, length) => readFully(handle, at, length),
    close: () => handle.close(),
  };
}

function nodeFile(handle: FileHandle): SegmentFile {
  return {
    ...readableFile(handle),
    write: (at, bytes) => writeFully(handle, at, bytes),
    truncate: (size) => handle.truncate(size),
    sync: () => handle.datasync(),
  };
}

async function readFully(handle: FileHandle, at: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, at + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

async function writeFully(handle: FileHandle, at: number, bytes: Uint8Array): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    written += (await handle.write(bytes, written, bytes.length - written, at + written)).bytesWritten;
  }
}
