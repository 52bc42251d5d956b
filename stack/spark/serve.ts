/** Runs a Spark Connect server until it is interrupted: `node stack/spark/serve.ts [PORT]`. */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultCacheDir } from "../maven.ts";
import { startSpark } from "../spark.ts";

const server = await startSpark({
  cacheDir: defaultCacheDir(process.env),
  dataDir: await mkdtemp(join(tmpdir(), "loanstream-spark-")),
  port: Number(process.argv[2] ?? 15002),
  temporary: true,
});
console.log(server.url);
const waiting = setInterval(() => {}, 60_000);
process.once("SIGINT", async () => {
  clearInterval(waiting);
  await server.stop();
});
