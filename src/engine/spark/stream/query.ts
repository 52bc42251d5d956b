/** What runs on Spark as one streaming query: from the topic of the events to the topics of the outputs. */
import type { SparkStep } from "../../../pipeline/spark-source.ts";

/**
 * The view that the steps begin with, made by whoever submits the query: the topic of the events as Spark reads it from
 * Kafka, with the columns `value BINARY, partition INT, offset BIGINT, timestamp TIMESTAMP`.
 */
export const KAFKA_VIEW = "_kafka";

export interface StreamQuery {
  /** Of small letters, digits and `_`; no other query of the pipeline has it, and it stays while its tables do. */
  readonly name: string;
  /**
   * Temporary views, each over those before it. Queries share views: one of the same name is the same in all of them, but
   * that the query of the dead letters is counted by its own.
   */
  readonly steps: readonly SparkStep[];
  /**
   * The query: Kafka's columns `topic STRING, key STRING, value STRING, headers ARRAY<STRUCT<key STRING, value BINARY>>`.
   * Needs no option but the sink's `kafka.bootstrap.servers`.
   */
  readonly sql: string;
  readonly outputMode: "append" | "update";
  /** The pipeline's tables whose rows it sends. */
  readonly tables: readonly string[];
  /** Names of the alerts that it raises. */
  readonly alerts: readonly string[];
  /** Every model that it computes, tables included: where an error may point to, and what a change touches. */
  readonly models: readonly string[];
  /** Whether it sends the dead letters. */
  readonly deadLetters: boolean;
}
