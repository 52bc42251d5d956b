/** A Spark that lasts for a random comparison, however long. */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { connect, type SparkSession } from "../../src/engine/spark/connect/session.ts";
import { defaultCacheDir } from "../../stack/maven.ts";
import { startSpark } from "../../stack/spark.ts";
import { release, sharedSpark } from "../spark/server.ts";

/** Spark's parser keeps what it learnt of every text: after 45 rounds of random ones 3 GB are full. */
const ROUNDS_A_SERVER = 20;

/** Runs each seed on the shared server or, where there are many, on servers of their own. */
export async function withSpark(
  t: TestContext,
  seeds: readonly number[],
  run: (spark: SparkSession, seed: number) => Promise<void>,
): Promise<void> {
  const shared = seeds.length <= ROUNDS_A_SERVER;
  const spark = shared ? await sharedSpark(t) : null;
  if (spark) for (const seed of seeds) await run(spark, seed);
  if (shared) return;
  for (let from = 0; from < seeds.length; from += ROUNDS_A_SERVER)
    await onFreshServer(async (fresh) => {
      for (const seed of seeds.slice(from, from + ROUNDS_A_SERVER)) await run(fresh, seed);
    });
}

async function onFreshServer(run: (spark: SparkSession) => Promise<void>): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), "loanstream-parity-spark-"));
  const server = await startSpark({
    cacheDir: defaultCacheDir(process.env),
    dataDir,
    release,
    temporary: true,
  });
  try {
    const spark = await connect(server.url);
    await run(spark);
    await spark.close();
  } finally {
    await server.stop();
  }
}
