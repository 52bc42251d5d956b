/** How Spark reaches Kafka: the settings of the cluster as options of Spark's source and sink. */
import { readFileSync } from "node:fs";
import { fail } from "../../../errors.ts";
import type { KafkaSettings, Sasl } from "../../../kafka/settings.ts";

export type Options = Readonly<Record<string, string>>;

/** Spark asks for what it knows to be there: to wait for more would only delay each batch. */
const FETCH_WAIT_MS = 10;

/** From the oldest record on, where a checkpoint doesn't say otherwise. Throws `file.unreadable`. */
export function sourceOptions(settings: KafkaSettings, topic: string, maxOffsets: number): Options {
  return {
    subscribe: topic,
    startingOffsets: "earliest",
    failOnDataLoss: "true",
    maxOffsetsPerTrigger: String(maxOffsets),
    groupIdPrefix: "loanstream-spark",
    "kafka.fetch.max.wait.ms": String(FETCH_WAIT_MS),
    ...clusterOptions(settings),
    ...prefixed(settings.consumer),
  };
}

/** Throws `file.unreadable`. */
export const sinkOptions = (settings: KafkaSettings): Options => ({
  ...clusterOptions(settings),
  ...prefixed(settings.producer),
});

function clusterOptions({ bootstrap, security, sasl, ssl }: KafkaSettings): Options {
  const { caFile, certFile, keyFile } = ssl;
  return prefixed({
    "bootstrap.servers": bootstrap.join(),
    "security.protocol": security.toUpperCase(),
    ...(sasl === null
      ? {}
      : { "sasl.mechanism": sasl.mechanism.toUpperCase(), "sasl.jaas.config": jaas(sasl) }),
    ...(caFile === null ? {} : { "ssl.truststore.type": "PEM", "ssl.truststore.certificates": pem(caFile) }),
    ...(certFile === null || keyFile === null
      ? {}
      : {
          "ssl.keystore.type": "PEM",
          "ssl.keystore.certificate.chain": pem(certFile),
          "ssl.keystore.key": pem(keyFile),
        }),
  });
}

function jaas({ mechanism, username, password }: Sasl): string {
  const login =
    mechanism === "plain"
      ? "org.apache.kafka.common.security.plain.PlainLoginModule"
      : "org.apache.kafka.common.security.scram.ScramLoginModule";
  return `${login} required username="${quoted(username)}" password="${quoted(password)}";`;
}

const quoted = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll('"', '\\"');

/** Its text, since the server need not have the file. */
function pem(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    throw fail(
      "file.unreadable",
      "the certificate can't be read",
      "Name a PEM file that is there and readable.",
      {
        file,
      },
    );
  }
}

const prefixed = (options: Options): Options =>
  Object.fromEntries(Object.entries(options).map(([name, value]) => [`kafka.${name}`, value]));
