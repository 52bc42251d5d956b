/** Spark for tests: one server for all of a run, or one of the test's own. */
import type { TestContext } from "node:test";
import { connect, type SparkSession } from "../../src/engine/spark/connect/session.ts";
import { sparkRelease } from "../../stack/spark/releases.ts";
import { startSpark } from "../../stack/spark.ts";
import { type OwnServer, ownServer, serverOfThisRun, withoutJava } from "../stack/test-servers.ts";

const VARIABLE = "LOANSTREAM_TEST_SPARK_RELEASE";
/** Which release every server that tests start is of, as `make up SPARK=` has it. */
export const releaseName = process.env[VARIABLE] || "1";
export const release = sparkRelease(releaseName, VARIABLE);

let url: Promise<string> | undefined;

/**
 * A session of its own for this test, closed after it. Without Java the test is skipped and `null` returned; with CI
 * set it fails. `LOANSTREAM_TEST_SPARK` names a server that already runs (`sc://host:port`).
 */
export async function sharedSpark(t: Pick<TestContext, "after" | "skip">): Promise<SparkSession | null> {
  const address = await sharedSparkUrl(t);
  if (address === null) return null;
  const spark = await connect(address);
  t.after(() => spark.close());
  return spark;
}

/** The address of the server that `sharedSpark` opens its sessions on; null where that is null. */
export async function sharedSparkUrl(t: Pick<TestContext, "skip">): Promise<string | null> {
  const given = process.env.LOANSTREAM_TEST_SPARK;
  if (given !== undefined) return given;
  if (await withoutJava(t, NOTHING)) return null;
  url ??= serverOfThisRun("spark", async (place) => (await startSpark({ ...place, release })).url);
  return url;
}

const NOTHING = "nothing was compared with Spark";

/** A server of the test's own, to be killed and started again at the same address. */
export interface OwnSpark extends Pick<OwnServer, "start" | "kill"> {
  readonly url: string;
}

/** Null where `sharedSpark` is. */
export async function ownSpark(t: Pick<TestContext, "after" | "skip">): Promise<OwnSpark | null> {
  if (await withoutJava(t, NOTHING)) return null;
  const { port, start, kill } = await ownServer(t, "spark", (place) => startSpark({ ...place, release }));
  return { url: `sc://127.0.0.1:${port}`, start, kill };
}
