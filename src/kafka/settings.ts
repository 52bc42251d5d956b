/** How to reach and use a Kafka cluster. The names are those of the configuration. */

export type Security = "plaintext" | "ssl" | "sasl_plaintext" | "sasl_ssl";
export type Mechanism = "plain" | "scram-sha-256" | "scram-sha-512";

export interface Sasl {
  readonly mechanism: Mechanism;
  readonly username: string;
  readonly password: string;
}

/** PEM files; null where the system's own authorities, or no client certificate, will do. */
export interface Ssl {
  readonly caFile: string | null;
  readonly certFile: string | null;
  readonly keyFile: string | null;
}

export interface KafkaSettings {
  /** `host:port`, each. */
  readonly bootstrap: readonly string[];
  readonly security: Security;
  readonly sasl: Sasl | null;
  readonly ssl: Ssl;
  /** By Kafka's own names; see `PRODUCER_OPTIONS`. */
  readonly producer: Readonly<Record<string, string>>;
  /** By Kafka's own names; see `CONSUMER_OPTIONS`. */
  readonly consumer: Readonly<Record<string, string>>;
}

export const NO_SSL: Ssl = { caFile: null, certFile: null, keyFile: null };

/** Without security, as a broker on this machine. */
export const plainSettings = (bootstrap: readonly string[]): KafkaSettings => ({
  bootstrap,
  security: "plaintext",
  sasl: null,
  ssl: NO_SSL,
  producer: {},
  consumer: {},
});
