/** What the log asks of a file system; an argument, so that a simulation can tear writes and lose them. */
import { constants } from "node:fs";
import { type FileHandle, mkdir, open, readdir } from "node:fs/promises";
import { join } from "node:path";

export interface SegmentFile {
  size(): Promise<number>;
  /** Fewer bytes than asked for where the file ends. */
  read(at: number, length: number): Promise<Uint8Array>;
  write(at: number, bytes: Uint8Array): Promise<void>;
  truncate(size: number): Promise<void>;
  /** Resolves once all that was written is durable. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface SegmentDirectory {
  /** For messages. */
  readonly name: string;
  list(): Promise<readonly string[]>;
  /** Opens a file to read and write, empty if it wasn't there. */
  open(name: string): Promise<SegmentFile>;
  /** Resolves once the files' names are durable. */
  sync(): Promise<void>;
}

/** A directory on disk; made if it isn't there. Only the owner may read it. */
export async function nodeDirectory(path: string): Promise<SegmentDirectory> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  return {
    name: path,
    list: () => readdir(path),
    open: async (name) => nodeFile(await open(join(path, name), constants.O_RDWR | constants.O_CREAT, 0o600)),
    sync: async () => {
      await using directory = await open(path, constants.O_RDONLY);
      await directory.sync();
    },
  };
}

function nodeFile(handle: FileHandle): SegmentFile {
  return {
    size: async () => (await handle.stat()).size,
    read: (at, length) => readFully(handle, at, length),
    write: (at, bytes) => writeFully(handle, at, bytes),
    truncate: (size) => handle.truncate(size),
    sync: () => handle.datasync(),
    close: () => handle.close(),
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
