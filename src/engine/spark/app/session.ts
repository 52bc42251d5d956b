/** The session that an application's queries live in. */
import { fail } from "../../../errors.ts";
import { shownAddress } from "../connect/address.ts";
import { sparkFailureOf } from "../connect/failure.ts";
import { connect, type SparkSession } from "../connect/session.ts";
import type { AppRecord } from "./record.ts";

/** Below them, unless settings say otherwise. */
const DEFAULTS = {
  // Each batch is planned anew, and what the optimizer infers of the plans helps none of them.
  "spark.sql.constraintPropagation.enabled": "false",
  "spark.sql.shuffle.partitions": "2",
  // Each look at a query takes all of them.
  "spark.sql.streaming.numRecentProgressUpdates": "20",
};
/** Above all settings. */
const FIXED = {
  "spark.sql.ansi.enabled": "false",
  "spark.sql.session.timeZone": "UTC",
  // A second start on a checkpoint fails, rather than stop the first.
  "spark.sql.streaming.stopActiveRunOnRestart": "false",
};
const LEAST_VERSION = [3, 5] as const;

/** Does the work in a session that is closed again. Throws what `connect` throws. */
export async function inSession<Done>(
  { remote, sessionId }: Pick<AppRecord, "remote" | "sessionId">,
  work: (session: SparkSession) => Promise<Done>,
): Promise<Done> {
  const session = await connect(remote, { sessionId });
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

/** Throws `spark.unreachable`, `spark.session-lost`, `spark.version`. */
export async function openAppSession(
  remote: string,
  sessionId: string,
  conf: Readonly<Record<string, string>>,
): Promise<SparkSession> {
  const session = await connect(remote, { sessionId });
  try {
    refuseOldVersion(await session.version(), remote);
    await configure(session, conf);
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}

export const configure = (session: SparkSession, conf: Readonly<Record<string, string>>): Promise<void> =>
  session.config({ ...DEFAULTS, ...conf, ...FIXED });

export function refuseOldVersion(version: string, remote: string): void {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [leastMajor, leastMinor] = LEAST_VERSION;
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return;
  throw fail(
    "spark.version",
    `Spark ${version} answers at ${shownAddress(remote)}, and streaming needs ${LEAST_VERSION.join(".")} or newer`,
    "Start a server of Spark 3.5.4 or 4, or name another one.",
  );
}

/**
 * Makes the folder of checkpoints this application's, or sees that it is. Spark reads and writes it, since it may be
 * where only the server gets at. Throws `spark.other-checkpoint`.
 */
export async function claimCheckpoints(
  session: SparkSession,
  folder: string,
  application: string,
): Promise<void> {
  const path = `${folder}/owner`;
  let owner = await ownerOf(session, path);
  if (owner === null) {
    await session.sql(
      `INSERT OVERWRITE DIRECTORY '${path.replaceAll("'", "\\'")}' USING text SELECT '${application}' AS value`,
    );
    // Of two at once, the last.
    owner = await ownerOf(session, path);
  }
  if (owner !== application) throw otherCheckpoint(folder, "they are another application's");
}

async function ownerOf(session: SparkSession, path: string): Promise<string | null> {
  try {
    const { rows } = await session.sql(`SELECT value FROM text.\`${path.replaceAll("`", "``")}\``);
    return rows.length === 0 ? null : String(rows[0]?.[0]);
  } catch (error) {
    if (sparkFailureOf(error)?.errorClass?.startsWith("PATH_NOT_FOUND")) return null;
    throw error;
  }
}

export const otherCheckpoint = (folder: string, why: string) =>
  fail(
    "spark.other-checkpoint",
    `the checkpoints aren't this pipeline's: ${why}`,
    "Name another folder by --data-dir or --spark-checkpoints, or go back to the pipeline that they belong to.",
    { file: folder },
  );
