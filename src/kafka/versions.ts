/** The one version of each request that is spoken, and what brokers must therefore know. */
import {
  addOffsetsToTxnV3,
  addPartitionsToTxnV3,
  createPartitionsV3,
  createTopicsV7,
  deleteTopicsV6,
  describeConfigsV4,
  describeLogDirsV4,
  describeTransactionsV0,
  endTxnV3,
  findCoordinatorV4,
  incrementalAlterConfigsV1,
  initProducerIdV4,
  listOffsetsV7,
  metadataV12,
  offsetFetchV8,
  txnOffsetCommitV3,
} from "@platformatic/kafka";
import { fail } from "../errors.ts";

/**
 * Kafka 3.1 knows them all. `AddPartitionsToTxn` stays at 3: from 4 on it is for brokers among themselves, and asks
 * for the right to act as the cluster.
 */
export const apis = {
  addOffsetsToTxn: addOffsetsToTxnV3.api,
  addPartitionsToTxn: addPartitionsToTxnV3.api,
  createPartitions: createPartitionsV3.api,
  createTopics: createTopicsV7.api,
  deleteTopics: deleteTopicsV6.api,
  describeConfigs: describeConfigsV4.api,
  describeLogDirs: describeLogDirsV4.api,
  describeTransactions: describeTransactionsV0.api,
  endTxn: endTxnV3.api,
  findCoordinator: findCoordinatorV4.api,
  incrementalAlterConfigs: incrementalAlterConfigsV1.api,
  initProducerId: initProducerIdV4.api,
  listOffsets: listOffsetsV7.api,
  metadata: metadataV12.api,
  offsetFetch: offsetFetchV8.api,
  txnOffsetCommit: txnOffsetCommitV3.api,
};

export const PRODUCE = { key: 0, version: 9 };
export const FETCH = { key: 1, version: 13 };

export interface SupportedVersions {
  readonly apiKey: number;
  readonly minVersion: number;
  readonly maxVersion: number;
}

const needed: readonly { key: number; version: number }[] = [PRODUCE, FETCH, ...Object.values(apis)];

/** Throws `kafka.version`. */
export function refuseOldBroker(supported: readonly SupportedVersions[], broker: string): void {
  const knows = ({ key, version }: { key: number; version: number }) =>
    supported.some(
      ({ apiKey, minVersion, maxVersion }) =>
        apiKey === key && minVersion <= version && version <= maxVersion,
    );
  const lacking = needed.find((api) => !knows(api));
  if (lacking === undefined) return;
  const message = `the broker doesn't know version ${lacking.version} of Kafka's request ${lacking.key}`;
  throw fail("kafka.version", message, "Upgrade the broker to Kafka 3.1 or later.", { broker });
}
