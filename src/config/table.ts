/**
 * Every setting, declared once. From here come the flags (`--data-dir`), the variables (`LOANSTREAM_DATA_DIR`), the keys
 * of `loanstream.yaml` (`data_dir`), what `--help` says of them, `loanstream config` and `docs/settings.md`.
 */
import { consumerTuning, producerTuning } from "../kafka/tuning.ts";
import type { LogLevels } from "../log.ts";

/** What a setting's value is, and what a command gets: a duration in milliseconds, a rate in events a second. */
export interface Kinds {
  readonly text: string;
  /** Given by no flag: others may see a command line. */
  readonly secret: string;
  readonly choice: string;
  /** Relative ones are relative to the working directory; those of the file to the file. */
  readonly path: string;
  readonly whole: number;
  readonly rate: number;
  readonly duration: number;
  readonly flag: boolean;
  readonly levels: LogLevels;
  /** Written with commas between them; in the file a list may be. */
  readonly list: readonly string[];
  /** Written as `a=1,b=2`; in the file a map may be. */
  readonly options: Readonly<Record<string, string>>;
}
export type Kind = keyof Kinds;

export interface Setting {
  readonly kind: Kind;
  /** As it would be written; null where there need be none. */
  readonly default: string | null;
  /** The commands that take it. */
  readonly commands: readonly string[] | "every";
  /** Stands for the value in `--help`. */
  readonly value: string;
  /** A line without its end. */
  readonly meaning: string;
  /** What no value means. */
  readonly unset?: string;
  /** Bounds of a whole number. */
  readonly least?: number;
  readonly most?: number;
  readonly choices?: readonly string[];
  /** Another variable of the environment that gives it. */
  readonly alias?: string;
  /** Of options: throws an error of the catalogue on what can't be. */
  readonly check?: (options: Readonly<Record<string, string>>) => void;
}

export type SettingsTable = Readonly<Record<string, Setting>>;

/** The commands that work on the embedded log or on Kafka. */
const ON_EITHER = ["run", "status", "doctor", "consume", "topics", "dlq", "why"] as const;
const ON_KAFKA = [...ON_EITHER, "generate"] as const;

export const settingsTable = {
  dataDir: {
    kind: "path",
    default: ".loanstream/data",
    commands: ["run", "status", "doctor", "consume", "topics", "dlq", "why", "rebuild"],
    value: "DIR",
    meaning: "where log and tables are kept",
  },
  pipeline: {
    kind: "path",
    default: null,
    unset: "the one that comes with loanstream",
    commands: [
      ...["run", "analyze", "evaluate", "check", "test", "sql", "status", "doctor"],
      ...["consume", "topics", "dlq", "why", "rebuild", "generate", "schema"],
    ],
    value: "DIR",
    meaning: "the pipeline's folder",
  },
  rate: {
    kind: "rate",
    default: "3",
    commands: ["run", "generate"],
    value: "R",
    meaning: "mean number of generated events a second",
  },
  seed: {
    kind: "whole",
    default: "1",
    least: 0,
    commands: ["run", "generate"],
    value: "S",
    meaning: "seed of the generator, a whole number",
  },
  history: {
    kind: "duration",
    default: "24 hours",
    commands: ["run"],
    value: "TIME",
    meaning: "how much of the past a first start generates, such as 24h, or none",
  },
  generator: {
    kind: "flag",
    default: "true",
    commands: ["run", "doctor"],
    value: "",
    meaning: "generate events; --no-generator only takes in what comes from elsewhere",
  },
  host: {
    kind: "text",
    default: "127.0.0.1",
    commands: ["run", "doctor"],
    value: "HOST",
    meaning: "address to listen on; the default keeps to this machine",
  },
  port: {
    kind: "whole",
    default: "8080",
    least: 0,
    most: 65_535,
    commands: ["run", "doctor"],
    value: "PORT",
    meaning: "port to listen on, 0 for any that is free",
  },
  engine: {
    kind: "choice",
    default: "embedded",
    choices: ["embedded", "spark"],
    commands: ["run", "test", "status"],
    value: "E",
    meaning: "embedded, or spark: over Spark Connect",
  },
  sparkRemote: {
    kind: "text",
    default: "sc://127.0.0.1:15002",
    alias: "SPARK_REMOTE",
    commands: ["run", "test"],
    value: "URL",
    meaning: 'where Spark listens; "make up SPARK=1" starts one at the default',
  },
  sparkConf: {
    kind: "options",
    default: null,
    unset: "tuned for one machine",
    commands: ["run"],
    value: "OPTIONS",
    meaning: "settings of the session on Spark, by Spark's own names",
  },
  sparkCheckpoints: {
    kind: "text",
    default: null,
    unset: "spark/checkpoints in the data directory",
    commands: ["run"],
    value: "FOLDER",
    meaning: "where Spark keeps how far it is, as a path or URL of the server's",
  },
  sparkKafkaBootstrap: {
    kind: "list",
    default: null,
    unset: "kafka.bootstrap",
    commands: ["run"],
    value: "HOST:PORT",
    meaning: "brokers that Spark asks first, where it doesn't reach them as this process does",
  },
  sparkMaxOffsets: {
    kind: "whole",
    default: "20000",
    least: 1,
    commands: ["run"],
    value: "N",
    meaning: "records that a query on Spark takes in a batch, at most",
  },
  broker: {
    kind: "choice",
    default: "embedded",
    choices: ["embedded", "kafka"],
    commands: ON_EITHER,
    value: "B",
    meaning: "where the log and the topics are: in the data directory (embedded), or in kafka",
  },
  kafkaApplicationId: {
    kind: "text",
    default: "loanstream",
    commands: ["run", "status", "doctor", "dlq"],
    value: "ID",
    meaning: "what runs under one name on the cluster: its transactions, its group, its mark in loan.commits",
  },
  kafkaBootstrap: {
    kind: "list",
    default: "127.0.0.1:9092",
    commands: ON_KAFKA,
    value: "HOST:PORT",
    meaning: "brokers to ask first, with commas between them",
  },
  kafkaSecurity: {
    kind: "choice",
    default: "plaintext",
    choices: ["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"],
    commands: ON_KAFKA,
    value: "S",
    meaning: "what the listener speaks: plaintext, ssl, sasl_plaintext or sasl_ssl",
  },
  kafkaSaslMechanism: {
    kind: "choice",
    default: "scram-sha-512",
    choices: ["plain", "scram-sha-256", "scram-sha-512"],
    commands: ON_KAFKA,
    value: "M",
    meaning: "plain, scram-sha-256 or scram-sha-512",
  },
  kafkaSaslUsername: {
    kind: "text",
    default: null,
    unset: "none",
    commands: ON_KAFKA,
    value: "NAME",
    meaning: "the user, where SASL asks for one",
  },
  kafkaSaslPassword: {
    kind: "secret",
    default: null,
    unset: "none",
    commands: ON_KAFKA,
    value: "TEXT",
    meaning: "the user's password; no flag gives it",
  },
  kafkaSaslPasswordFile: {
    kind: "path",
    default: null,
    unset: "none",
    commands: ON_KAFKA,
    value: "FILE",
    meaning: "a file that holds the password",
  },
  kafkaSslCaFile: {
    kind: "path",
    default: null,
    unset: "those of the system",
    commands: ON_KAFKA,
    value: "FILE",
    meaning: "PEM file of the authorities that are trusted",
  },
  kafkaSslCertFile: {
    kind: "path",
    default: null,
    unset: "none",
    commands: ON_KAFKA,
    value: "FILE",
    meaning: "PEM file of this client's certificate",
  },
  kafkaSslKeyFile: {
    kind: "path",
    default: null,
    unset: "none",
    commands: ON_KAFKA,
    value: "FILE",
    meaning: "PEM file of its key",
  },
  kafkaProducer: {
    kind: "options",
    default: null,
    unset: "the client's own",
    check: producerTuning,
    commands: ON_KAFKA,
    value: "OPTIONS",
    meaning: "how it sends, by Kafka's own names",
  },
  kafkaConsumer: {
    kind: "options",
    default: null,
    unset: "the client's own",
    check: consumerTuning,
    commands: ON_KAFKA,
    value: "OPTIONS",
    meaning: "how it reads, by Kafka's own names",
  },
  logLevel: {
    kind: "levels",
    default: "info",
    alias: "LOG_LEVEL",
    commands: "every",
    value: "LEVELS",
    meaning: "debug, info, warn, error or silent; of a component too, as in info,engine=debug",
  },
} as const satisfies SettingsTable;

/** The values that a command takes. */
export type SettingsOf<Command extends string> = {
  readonly [Name in keyof typeof settingsTable as Takes<Command, Name> extends true ? Name : never]: ValueOf<
    (typeof settingsTable)[Name]
  >;
};

type Takes<Command extends string, Name extends keyof typeof settingsTable> =
  Extract<(typeof settingsTable)[Name]["commands"], string> extends never
    ? Command extends "config" | (typeof settingsTable)[Name]["commands"][number]
      ? true
      : false
    : true;

type ValueOf<Declared extends Setting> =
  | Kinds[Declared["kind"]]
  | (Declared["default"] extends null ? null : never);

/** Whether a flag gives it. */
export const hasFlag = ({ kind }: Setting): boolean => kind !== "secret";

/** `config` shows them all. */
export function takes(command: string, { commands }: Setting): boolean {
  return command === "config" || commands === "every" || commands.includes(command);
}

/** `data-dir` of dataDir. */
export const flagOf = (name: string) => separated(name, "-");
/** `data_dir`; of a setting in a section `kafka.sasl.password_file`, each dot a map of the file. */
export function keyOf(name: string): string {
  const key = separated(name, "_");
  const section = SECTIONS.find((each) => key.startsWith(each.replaceAll(".", "_"))) ?? "";
  return section + key.slice(section.length);
}
/** `LOANSTREAM_DATA_DIR`, `LOANSTREAM_KAFKA_SASL_PASSWORD_FILE`. */
export const variableOf = (name: string) => `${VARIABLES}${separated(name, "_").toUpperCase()}`;

const SECTIONS = ["kafka.application.", "kafka.sasl.", "kafka.ssl.", "kafka.", "spark."];

export const VARIABLES = "LOANSTREAM_";

const separated = (name: string, separator: string) =>
  name.replaceAll(/[A-Z]/g, (letter) => `${separator}${letter.toLowerCase()}`);
