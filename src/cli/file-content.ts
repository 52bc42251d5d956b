/** Which content a file has, and whether it is what was there before with more lines behind it. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";

const LINE_FEED = 0x0a;

/** The size in bytes, and a hash of them. */
export async function identityOf(file: string): Promise<string> {
  return identityOfFirst(file, (await stat(file)).size);
}

/** Whether the file begins with the content of that identity, all of it whole lines, and is longer now. */
export async function hasGrownFrom(file: string, identity: string): Promise<boolean> {
  const bytes = Number(identity.split(" ")[0]);
  if (!(bytes > 0 && bytes < (await stat(file)).size)) return false;
  return (await byteAt(file, bytes - 1)) === LINE_FEED && (await identityOfFirst(file, bytes)) === identity;
}

async function identityOfFirst(file: string, bytes: number): Promise<string> {
  const hash = createHash("sha256");
  if (bytes > 0) for await (const chunk of createReadStream(file, { end: bytes - 1 })) hash.update(chunk);
  return `${bytes} ${hash.digest("hex")}`;
}

async function byteAt(file: string, place: number): Promise<number | undefined> {
  await using handle = await open(file);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(1), 0, 1, place);
  return bytesRead === 1 ? buffer[0] : undefined;
}
