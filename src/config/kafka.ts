/** Settings as the Kafka client takes them. */
import { readFileSync } from "node:fs";
import { fail } from "../errors.ts";
import type { KafkaSettings, Mechanism, Sasl, Security } from "../kafka/settings.ts";
import type { SettingsOf } from "./table.ts";

/** What every command on Kafka has. */
export type SettingsOnKafka = Pick<
  SettingsOf<"config">,
  Exclude<Extract<keyof SettingsOf<"config">, `kafka${string}`>, "kafkaApplicationId">
>;

/** Reads the password's file. Throws `file.unreadable`, and `usage.invalid` where they don't fit together. */
export function kafkaSettings(settings: SettingsOnKafka): KafkaSettings {
  const security = among(SECURITIES, settings.kafkaSecurity);
  return {
    bootstrap: settings.kafkaBootstrap,
    security,
    sasl: saslOf(settings, security),
    ssl: {
      caFile: settings.kafkaSslCaFile,
      certFile: settings.kafkaSslCertFile,
      keyFile: settings.kafkaSslKeyFile,
    },
    producer: settings.kafkaProducer ?? {},
    consumer: settings.kafkaConsumer ?? {},
  };
}

/** Null where the embedded log is asked for. Throws as `kafkaSettings` does. */
export function kafkaIfAsked(settings: SettingsOnKafka & { readonly broker: string }): KafkaSettings | null {
  return settings.broker === "kafka" ? kafkaSettings(settings) : null;
}

const SECURITIES: readonly Security[] = ["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"];
const MECHANISMS: readonly Mechanism[] = ["plain", "scram-sha-256", "scram-sha-512"];

/** The choices of the table are these. */
function among<Name extends string>(names: readonly Name[], text: string): Name {
  const found = names.find((name) => name === text);
  if (found !== undefined) return found;
  throw fail("internal.unexpected", `${text} is none of ${names.join(", ")}`, "Report it.");
}

function saslOf(settings: SettingsOnKafka, security: Security): Sasl | null {
  const username = settings.kafkaSaslUsername;
  const password = passwordOf(settings);
  const asked = security.startsWith("sasl_");
  if (asked && username !== null && password !== null)
    return { mechanism: among(MECHANISMS, settings.kafkaSaslMechanism), username, password };
  if (asked) {
    const lacking = username === null ? "kafka.sasl.username" : "kafka.sasl.password";
    const remedy = "Set it; the password by LOANSTREAM_KAFKA_SASL_PASSWORD or kafka.sasl.password_file.";
    throw fail("usage.invalid", `kafka.security ${security} needs ${lacking}`, remedy);
  }
  if (username === null && password === null) return null;
  const remedy = "Set kafka.security to sasl_ssl or sasl_plaintext, or remove them.";
  throw fail("usage.invalid", `kafka.security ${security} asks for no user, and kafka.sasl has one`, remedy);
}

function passwordOf({ kafkaSaslPassword, kafkaSaslPasswordFile: file }: SettingsOnKafka): string | null {
  if (file === null) return kafkaSaslPassword;
  if (kafkaSaslPassword === null) return readPassword(file);
  const message = "kafka.sasl.password and kafka.sasl.password_file are both given";
  throw fail("usage.invalid", message, "Remove one of them.");
}

/** Without the end of its line. */
function readPassword(file: string): string {
  try {
    return readFileSync(file, "utf8").replace(/\r?\n$/, "");
  } catch (error) {
    const why = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    const remedy = "Let kafka.sasl.password_file name a file that is there and readable.";
    throw fail("file.unreadable", `the password can't be read (${why})`, remedy, { file });
  }
}
