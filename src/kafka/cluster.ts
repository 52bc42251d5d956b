/** A cluster as requests see it: who leads what, who coordinates whom, and one way to ask a broker something. */
import { type API, type Connection, ResponseError } from "@platformatic/kafka";
import { LoanstreamError } from "../errors.ts";
import { type Address, addressText, openConnections, parseAddress } from "./connection.ts";
import { type About, brokerError, brokerErrorOf, translate } from "./errors.ts";
import type { KafkaSettings } from "./settings.ts";
import { apis } from "./versions.ts";

export interface PartitionOfTopic {
  readonly partition: number;
  /** The broker's id; -1 while there is none. */
  readonly leader: number;
  readonly replicas: readonly number[];
}

export interface TopicOfCluster {
  readonly name: string;
  /** A UUID; another one once the topic was deleted and made again. */
  readonly id: string;
  readonly partitions: readonly PartitionOfTopic[];
}

/** A broker by its id, or whoever does it. */
export type Destination =
  | number
  | "any"
  | "controller"
  | { readonly group: string }
  | { readonly transactionalId: string };

export interface Cluster {
  /** One attempt. Throws errors of the catalogue. */
  ask<Arguments extends unknown[], Answer>(
    destination: Destination,
    api: API<Arguments, Answer>,
    request: Arguments,
    about?: About,
  ): Promise<Answer>;
  /** As `ask`, for a request that the client has no code for. */
  send<Answer>(
    destination: Destination,
    make: (connection: Connection) => Promise<Answer>,
    about?: About,
  ): Promise<Answer>;
  /** All topics, or those named, as the cluster knows them now. Throws `kafka.topic-missing` for one of those named. */
  topics(names: readonly string[] | null): Promise<readonly TopicOfCluster[]>;
  brokers(): Promise<readonly number[]>;
  close(): Promise<void>;
}

type Metadata = Awaited<ReturnType<typeof apis.metadata.async>>;

const KEY_TYPE = { group: 0, transaction: 1 };

/** Throws `usage.invalid` and `file.unreadable`. Nothing is asked yet. */
export async function openCluster(settings: KafkaSettings, requestTimeoutMs: number): Promise<Cluster> {
  const bootstrap = settings.bootstrap.map(parseAddress);
  const given = new Set(settings.bootstrap.map((text) => addressText(parseAddress(text))));
  const connections = await openConnections(settings, requestTimeoutMs);
  const nodes = new Map<number, Address>();
  const coordinators = new Map<string, number>();
  let controller = -1;

  const about = (address: Address, rest: About = {}): About => {
    const broker = addressText(address);
    return { ...rest, broker, advertised: !given.has(broker) };
  };

  async function attempt<Answer>(
    address: Address,
    make: (connection: Connection) => Promise<Answer>,
    rest?: About,
  ): Promise<Answer> {
    try {
      return await make(await connections.get(address));
    } catch (error) {
      throw translate(error, about(address, rest));
    }
  }

  /** The first that can be reached of the addresses given and those heard of. */
  async function any<Answer>(
    make: (connection: Connection) => Promise<Answer>,
    rest?: About,
  ): Promise<Answer> {
    let first: unknown;
    for (const address of [...bootstrap, ...nodes.values()]) {
      try {
        return await attempt(address, make, rest);
      } catch (error) {
        first ??= error;
        if (!(error instanceof LoanstreamError && error.retryable)) throw error;
      }
    }
    throw first;
  }

  async function metadata(names: readonly string[] | null) {
    const answer = await any((connection) =>
      apis.metadata.async(connection, names === null ? null : [...names], false, false).catch(answerWithin),
    );
    nodes.clear();
    for (const { nodeId, host, port } of answer.brokers) nodes.set(nodeId, { host, port });
    controller = answer.controllerId;
    return answer;
  }

  async function node(id: number): Promise<Address> {
    if (!nodes.has(id)) await metadata([]);
    const address = nodes.get(id);
    if (address === undefined) throw brokerError("BROKER_NOT_AVAILABLE", null, {});
    return address;
  }

  async function coordinator(keyType: number, key: string, rest?: About): Promise<number> {
    const known = coordinators.get(`${keyType}:${key}`);
    if (known !== undefined) return known;
    const answer = await any((connection) => apis.findCoordinator.async(connection, keyType, [key]), rest);
    const [found] = answer.coordinators;
    if (found === undefined) throw brokerError("COORDINATOR_NOT_AVAILABLE", null, {});
    nodes.set(found.nodeId, { host: found.host, port: found.port });
    coordinators.set(`${keyType}:${key}`, found.nodeId);
    return found.nodeId;
  }

  async function addressOf(destination: Exclude<Destination, "any">, rest?: About): Promise<Address> {
    if (typeof destination === "number") return node(destination);
    if (destination === "controller") {
      if (controller < 0) await metadata([]);
      return node(controller);
    }
    return "group" in destination
      ? node(await coordinator(KEY_TYPE.group, destination.group, rest))
      : node(await coordinator(KEY_TYPE.transaction, destination.transactionalId, rest));
  }

  async function send<Answer>(
    destination: Destination,
    make: (connection: Connection) => Promise<Answer>,
    rest?: About,
  ): Promise<Answer> {
    try {
      if (destination === "any") return await any(make, rest);
      return await attempt(await addressOf(destination, rest), make, rest);
    } catch (error) {
      // Whoever did it may not do it any more.
      coordinators.clear();
      controller = -1;
      throw error;
    }
  }

  return {
    send,
    ask: (destination, api, request, rest) =>
      send(destination, (connection) => api.async(connection, ...request), rest),
    async topics(names) {
      const { topics } = await metadata(names);
      for (const { errorCode, name } of topics) {
        if (errorCode === 0) continue;
        throw brokerError(brokerErrorOf(errorCode), null, { operation: "Describe", topic: name ?? "" });
      }
      return topics.map(({ name, topicId, partitions }) => ({
        name: name ?? "",
        id: topicId,
        partitions: partitions
          .map(({ partitionIndex, leaderId, replicaNodes }) => ({
            partition: partitionIndex,
            leader: leaderId,
            replicas: replicaNodes,
          }))
          .sort((a, b) => a.partition - b.partition),
      }));
    },
    async brokers() {
      await metadata([]);
      return [...nodes.keys()];
    },
    close: () => connections.close(),
  };
}

/** The client throws away nothing of an answer in which one topic or partition has an error. */
function answerWithin(error: unknown): Metadata {
  if (!(error instanceof ResponseError)) throw error;
  return Reflect.get(error, "response");
}
