/** Runs a Spark Connect server until it is interrupted: `[SPARK=4] node stack/spark/serve.ts [PORT]`. */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { command } from "../command.ts";
import { defaultCacheDir } from "../maven.ts";
import { startSpark } from "../spark.ts";
import { sparkRelease } from "./releases.ts";

await command(async () => {
  const release = sparkRelease(process.env.SPARK || "1");
  const server = await startSpark({
    cacheDir: defaultCacheDir(process.env),
    dataDir: await mkdtemp(join(tmpdir(), "loanstream-spark-")),
    port: Number(process.argv[2] ?? 15002),
    release,
    temporary: true,
  });
  console.log(server.url);
  await interrupted();
  await server.stop();
  return 0;
});

function interrupted(): Promise<void> {
  const waiting = setInterval(() => {}, 60_000);
  return new Promise((resolve) =>
    process.once("SIGINT", () => {
      clearInterval(waiting);
      resolve();
    }),
  );
}
