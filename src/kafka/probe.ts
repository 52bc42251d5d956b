/** Looks once, without patience, whether a cluster can be used: for whoever waits in front of it. */
import { type Cluster, openCluster } from "./cluster.ts";
import type { KafkaSettings } from "./settings.ts";
import { apis } from "./versions.ts";

const WITHIN_MS = 5_000;
/** As Kafka numbers operations of ACLs. */
const READ = 3;
const WRITE = 4;

export interface Rights {
  readonly read: boolean;
  readonly write: boolean;
}

/**
 * Reaches each broker where it says that it is, and answers their ids. Throws `kafka.unreachable`,
 * `kafka.wrong-listener`, `kafka.authentication-failed`, `kafka.tls`, `kafka.version`, …
 */
export function probe(settings: KafkaSettings): Promise<readonly number[]> {
  return withCluster(settings, async (cluster) => {
    const brokers = await cluster.brokers();
    for (const id of brokers) await cluster.ask(id, apis.metadata, [[], false, false]);
    return brokers;
  });
}

/** What the user may do with topics that are there. Throws `kafka.topic-missing`. */
export function rightsTo(
  settings: KafkaSettings,
  names: readonly string[],
): Promise<ReadonlyMap<string, Rights>> {
  return withCluster(settings, async (cluster) => {
    const { topics } = await cluster.ask("any", apis.metadata, [[...names], false, true]);
    return new Map(
      topics.map(({ name, topicAuthorizedOperations }) => {
        const may = (operation: number) => (topicAuthorizedOperations & (1 << operation)) !== 0;
        return [name ?? "", { read: may(READ), write: may(WRITE) }];
      }),
    );
  });
}

async function withCluster<Found>(
  settings: KafkaSettings,
  look: (cluster: Cluster) => Promise<Found>,
): Promise<Found> {
  const cluster = await openCluster(settings, WITHIN_MS);
  try {
    return await look(cluster);
  } finally {
    await cluster.close();
  }
}
