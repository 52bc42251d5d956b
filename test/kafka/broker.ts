/** Kafka for tests: one broker for all of a run, or one of the test's own. */
import type { TestContext } from "node:test";
import { type KafkaAdmin, type NewTopic, openAdmin } from "../../src/kafka/admin.ts";
import { type KafkaSettings, plainSettings } from "../../src/kafka/settings.ts";
import { startKafka } from "../../stack/kafka.ts";
import { type OwnServer, ownServer, serverOfThisRun, withoutJava } from "../stack/test-servers.ts";

export interface TestBroker {
  readonly bootstrap: string;
  /** SASL over TLS, for alice and bob; null where the broker is one that ran already. */
  readonly secure: { readonly bootstrap: string; readonly caFile: string } | null;
}

export const USERS = [
  { name: "alice", password: "alice's secret" },
  { name: "bob", password: "bob's secret" },
] as const;

let broker: Promise<TestBroker> | undefined;

/**
 * Without Java the test is skipped and `null` returned; with CI set it fails. `LOANSTREAM_TEST_KAFKA` names a broker
 * that already runs (`host:port`, without security).
 */
export async function sharedKafka(t: Pick<TestContext, "skip">): Promise<TestBroker | null> {
  const given = process.env.LOANSTREAM_TEST_KAFKA;
  if (given !== undefined) return { bootstrap: given, secure: null };
  if (await withoutJava(t, NOTHING)) return null;
  broker ??= serverOfThisRun("kafka", async (place) => {
    const { bootstrap, secure } = await startKafka({ ...place, secure: USERS });
    return { bootstrap, secure };
  });
  return broker;
}

const NOTHING = "nothing was tried against Kafka";

/** A test, or a file of tests: something that ends. */
export interface Ending {
  after(work: () => Promise<void>): void;
}

export interface TestTopics {
  readonly settings: KafkaSettings;
  readonly admin: KafkaAdmin;
  /** Makes a topic of this test alone, with a name that begins so; it is deleted after the test. */
  topic(partitions: number, configs?: Record<string, string>): Promise<string>;
}

/** The shared broker with what nearly every test does with it. */
export async function kafkaWithTopics(t: Ending & Pick<TestContext, "skip">): Promise<TestTopics | null> {
  const found = await sharedKafka(t);
  return found && topicsOn(t, plainSettings([found.bootstrap]));
}

export async function topicsOn(t: Ending, settings: KafkaSettings): Promise<TestTopics> {
  const admin = await openAdmin(settings);
  const made: string[] = [];
  t.after(async () => {
    await admin.remove(made);
    await admin.close();
  });
  return {
    settings,
    admin,
    async topic(partitions, configs = {}) {
      const topic: NewTopic = { name: uniqueName("topic"), partitions, replication: 1, configs };
      await admin.create([topic]);
      made.push(topic.name);
      return topic.name;
    },
  };
}

let names = 0;
/** Of a topic, a group or a transaction that no other test has. */
export const uniqueName = (kind: string): string =>
  `${kind}-${process.pid}-${Date.now().toString(36)}-${names++}`;

/** A broker of the test's own, to be killed and started again at the same address. */
export interface OwnBroker extends Pick<OwnServer, "start" | "kill"> {
  readonly settings: KafkaSettings;
}

export async function ownKafka(t: Pick<TestContext, "after" | "skip">): Promise<OwnBroker | null> {
  if (await withoutJava(t, NOTHING)) return null;
  const { port, start, kill } = await ownServer(t, "kafka", startKafka);
  return { settings: plainSettings([`127.0.0.1:${port}`]), start, kill };
}
