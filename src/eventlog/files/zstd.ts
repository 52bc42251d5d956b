/** Zstandard of any number of frames: Node's own decompression ends with the first that ends inside a chunk. */
import { createZstdDecompress } from "node:zlib";

const MOST_BYTES_A_WRITE = 1 << 16;
const OUTPUT_BYTES = 1 << 20;

/** Fails as `createZstdDecompress` does. */
export async function* unzstd(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let frame = openFrame();
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      const piece = chunk.subarray(at, at + MOST_BYTES_A_WRITE);
      const taken = await frame.write(piece);
      yield* frame.output();
      at += taken;
      if (taken < piece.length) frame = openFrame();
    }
  }
  await frame.end();
  yield* frame.output();
}

function openFrame() {
  const unpack = createZstdDecompress({ chunkSize: OUTPUT_BYTES });
  const over = Promise.withResolvers<void>();
  let output: Uint8Array[] = [];
  over.promise.catch(() => {});
  unpack.on("data", (bytes: Uint8Array) => output.push(bytes));
  unpack.on("end", over.resolve).on("error", over.reject);
  return {
    /** How many of the bytes belong to this frame, or to others that end with the piece. */
    async write(piece: Uint8Array): Promise<number> {
      const before = unpack.bytesWritten;
      const taken = new Promise<void>((resolve) => unpack.write(piece, (error) => error ?? resolve()));
      await Promise.race([taken, over.promise]);
      return unpack.bytesWritten - before;
    },
    async end(): Promise<void> {
      unpack.end();
      await over.promise;
    },
    output(): Uint8Array[] {
      const bytes = output;
      output = [];
      return bytes;
    },
  };
}
