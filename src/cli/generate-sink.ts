/** Where generated records go: a file, or standard output. */
import { closeSync, openSync, writeSync } from "node:fs";
import type { Writable } from "node:stream";
import { fail, type LoanstreamError, type Place } from "../errors.ts";
import { createLine, type Line, putByte } from "../generator/line.ts";
import { mostEventBytes } from "../generator/stream.ts";

export interface Sink {
  /** The next record is written where it stands: at most `mostEventBytes`. */
  readonly line: Line;
  /** Takes what was written since the last. False: flush before more is written. */
  take(): boolean;
  /** Hands over what was taken, and waits while there is no room for more. False when nobody reads any more. */
  flush(): Promise<boolean>;
  /** After the last record: hands all over. */
  end(): Promise<void>;
  /** Ends at once; after `end` it changes nothing. */
  close(): Promise<void>;
}

const CHUNK_BYTES = 1 << 18;
const LINE_FEED = 10;

/** A record a line; `-` is the stream. Throws `file.unwritable`. */
export function openFileSink(path: string, stdout: Writable): Sink {
  const line = createLine(CHUNK_BYTES + 2 * mostEventBytes);
  const { write, close } = path === "-" ? streamWriter(stdout) : fileWriter(path);
  let taken = 0;
  const flush = async (): Promise<boolean> => {
    const goesOn = await write(line.bytes.subarray(0, taken));
    line.bytes.copyWithin(0, taken, line.at);
    line.at -= taken;
    taken = 0;
    return goesOn;
  };
  return {
    line,
    take() {
      putByte(line, LINE_FEED);
      taken = line.at;
      return taken < CHUNK_BYTES;
    },
    flush,
    async end() {
      await flush();
    },
    close: async () => close(),
  };
}

interface Writer {
  /** The bytes may change once it has resolved. */
  write(bytes: Uint8Array): Promise<boolean>;
  close(): void;
}

function fileWriter(path: string): Writer {
  const file = attempt(path, () => openSync(path, "w", 0o600));
  return {
    async write(bytes) {
      for (let at = 0; at < bytes.length; ) at += attempt(path, () => writeSync(file, bytes, at));
      return true;
    },
    close: () => closeSync(file),
  };
}

function attempt<Result>(path: string, act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    throw unwritable(error, { file: path });
  }
}

/** A reader that went away (EPIPE) ends the writing quietly. */
function streamWriter(stream: Writable): Writer {
  const errors: Error[] = [];
  const onError = (error: Error): void => {
    errors.push(error);
  };
  stream.on("error", onError);
  return {
    async write(bytes) {
      if (errors.length === 0 && bytes.length > 0 && !stream.write(bytes.slice())) await drained(stream);
      const [error] = errors;
      if (error && !isClosedPipe(error)) throw unwritable(error, {});
      return error === undefined;
    },
    close: () => {
      stream.off("error", onError);
    },
  };
}

/** Resolves when the stream takes more, or never will. */
function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      for (const event of ["drain", "close", "error"]) stream.off(event, done);
      resolve();
    };
    for (const event of ["drain", "close", "error"]) stream.on(event, done);
  });
}

function isClosedPipe(error: Error & { readonly code?: string }): boolean {
  return error.code === "EPIPE";
}

function unwritable(error: unknown, place: Place): LoanstreamError {
  const why = error instanceof Error ? error.message : String(error);
  return fail(
    "file.unwritable",
    `can't write: ${why}`,
    "Name a place that may be written, or free some space.",
    place,
  );
}
