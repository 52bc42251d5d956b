/** The releases of Spark that can be started here, and where they differ. */
import { fail } from "../../src/errors.ts";

export interface SparkRelease {
  readonly version: string;
  /** Of Scala, as names of artifacts end. */
  readonly scala: string;
  /** Of the connector to Kafka. */
  readonly connector: string;
  /** Of the class that writes checkpoints. */
  readonly checkpointPackage: string;
}

const STREAMING = "org.apache.spark.sql.execution.streaming";

/** By what `SPARK` says. */
const releases: Readonly<Record<string, SparkRelease>> = {
  "1": {
    version: "3.5.4",
    scala: "2.12",
    // 3.5.4 of it isn't in every repository; what it needs of Spark itself is the same in both.
    connector: "3.5.3",
    checkpointPackage: STREAMING,
  },
  "4": {
    version: "4.2.0",
    scala: "2.13",
    connector: "4.2.0",
    checkpointPackage: `${STREAMING}.checkpointing`,
  },
};

export const everyRelease: readonly SparkRelease[] = Object.values(releases);

/** `1` names the release that the project is made for, `4` the newest of 4. Throws `usage.invalid`. */
export function sparkRelease(text: string, variable = "SPARK"): SparkRelease {
  const release = releases[text];
  if (release) return release;
  const known = Object.entries(releases).map(([name, { version }]) => `${name} (${version})`);
  throw fail(
    "usage.invalid",
    `${variable}=${text} names no release of Spark`,
    `Give ${known.join(" or ")}, or leave it out.`,
  );
}
