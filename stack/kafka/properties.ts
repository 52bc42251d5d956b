/** The broker's settings. */
import type { User } from "../kafka.ts";

export interface SecureListener {
  readonly port: number;
  readonly keyStoreFile: string;
  readonly keyStorePassword: string;
  /** PEM, for clients. */
  readonly caFile: string;
  readonly users: readonly User[];
}

export interface BrokerPorts {
  readonly port: number;
  /** What clients are told of it. */
  readonly advertised: number;
  readonly controller: number;
}

/** One node that is broker and controller, on this machine's own address. */
export function brokerProperties(
  { port, advertised, controller }: BrokerPorts,
  logDir: string,
  secure: SecureListener | null,
): string {
  const secured = secure ? [`SASL_SSL://127.0.0.1:${secure.port}`] : [];
  const at = (plain: number) => [`PLAINTEXT://127.0.0.1:${plain}`, ...secured];
  const settings = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.quorum.voters": `1@127.0.0.1:${controller}`,
    "controller.listener.names": "CONTROLLER",
    listeners: [...at(port), `CONTROLLER://127.0.0.1:${controller}`].join(","),
    "advertised.listeners": at(advertised).join(","),
    "log.dirs": logDir,
    "auto.create.topics.enable": "false",
    ...alone,
    ...(secure ? secureSettings(secure) : {}),
  };
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join("");
}

/** With one broker nothing has a replica; few internal partitions start faster; a lost consumer or transaction is noticed soon. */
const alone: Record<string, string> = {
  "offsets.topic.replication.factor": "1",
  "offsets.topic.num.partitions": "4",
  "transaction.state.log.replication.factor": "1",
  "transaction.state.log.min.isr": "1",
  "transaction.state.log.num.partitions": "4",
  "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
  "share.coordinator.state.topic.replication.factor": "1",
  "share.coordinator.state.topic.min.isr": "1",
  "group.initial.rebalance.delay.ms": "0",
  "group.consumer.session.timeout.ms": "6000",
  "group.consumer.min.session.timeout.ms": "6000",
  "group.consumer.heartbeat.interval.ms": "1000",
  "group.consumer.min.heartbeat.interval.ms": "1000",
};

/** Who comes over the plain listener may do everything; a user by name only what an ACL allows. */
function secureSettings({ keyStoreFile, keyStorePassword, users }: SecureListener): Record<string, string> {
  const plain = "org.apache.kafka.common.security.plain.PlainLoginModule required";
  const scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;";
  const known = users.map(({ name, password }) => `user_${name}="${password}"`).join(" ");
  return {
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT",
    "sasl.enabled.mechanisms": "SCRAM-SHA-256,SCRAM-SHA-512,PLAIN",
    "listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config": scram,
    "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": scram,
    "listener.name.sasl_ssl.plain.sasl.jaas.config": `${plain} ${known};`,
    "ssl.keystore.type": "PKCS12",
    "ssl.keystore.location": keyStoreFile,
    "ssl.keystore.password": keyStorePassword,
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:ANONYMOUS",
    "allow.everyone.if.no.acl.found": "false",
  };
}
