/** Runs a Spark Connect server until it is interrupted: `[SPARK=4] node stack/spark/serve.ts [PORT]`. */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultCacheDir } from "../maven.ts";
import { startSpark } from "../spark.ts";
import { sparkRelease } from "./releases.ts";

const server = await startSpark({
  cacheDir: defaultCacheDir(process.env),
  dataDir: await mkdtemp(join(tmpdir(), "loanstream-spark-")),
  port: Number(process.argv[2] ?? 15002),
  release: sparkRelease(process.env.SPARK || "1"),
  temporary: true,
});
console.log(server.url);
const waiting = setInterval(() => {}, 60_000);
process.once("SIGINT", async () => {
  clearInterval(waiting);
  await server.stop();
});
