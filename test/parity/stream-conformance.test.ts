/** Spark's streaming queries keep the contract of an engine, where batches are small enough for the watermark to move. */
import { engineConformance } from "../conformance/engine.ts";
import { streams } from "../spark/kafka-streams.ts";
import { streamEngine } from "./stream-engine.ts";

/** As the application has it, but for one partition of state. */
const OF_SMALL_BATCHES = {
  "spark.sql.constraintPropagation.enabled": "false",
  "spark.sql.shuffle.partitions": "1",
};

engineConformance(
  async (t) => {
    const found = await streams(t);
    if (found === null) return null;
    await found.spark.config(OF_SMALL_BATCHES);
    return streamEngine(found);
  },
  {
    noTableLedgers: true,
    cases: { "windows before 1970 are aligned as those after it": "Spark's watermark begins at 1970" },
  },
);
