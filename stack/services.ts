/** What the stack is made of: a row a service, named as in docker-compose.yaml. */
import { fail } from "../src/errors.ts";
import { isTakingIn, startApp } from "./app.ts";
import { KAFKA_VERSION, startKafka } from "./kafka.ts";
import { answers } from "./ports.ts";
import type { IsReady, Service, ServiceOptions } from "./service.ts";
import { type SparkRelease, sparkRelease } from "./spark/releases.ts";
import { startSpark } from "./spark.ts";

export interface StackService {
  readonly name: string;
  readonly title: string;
  /** The environment variable that names another port; docker-compose.yaml reads it too. */
  readonly portVariable: string;
  readonly defaultPort: number;
  /** What is likely to have its port. */
  readonly rival: string;
  /** Whether it runs from Maven artifacts. */
  readonly jars: boolean;
  readonly isReady: IsReady;
  /** What docker-compose.yaml leaves open of it. */
  readonly variables: Readonly<Record<string, string>>;
  /** `ports` are those of all services, as they run or would. */
  start(options: ServiceOptions, ports: PortOf): Promise<Service>;
}

export type PortOf = (service: StackService) => number;

export const kafka: StackService = {
  name: "kafka",
  title: `Kafka ${KAFKA_VERSION}`,
  portVariable: "KAFKA_PORT",
  defaultPort: 9092,
  rival: "another Kafka",
  jars: true,
  isReady: answers,
  variables: {},
  start: startKafka,
};

export const app: StackService = {
  name: "app",
  title: "The application",
  portVariable: "APP_PORT",
  defaultPort: 8080,
  rival: 'a "make run"',
  jars: false,
  isReady: isTakingIn,
  variables: {},
  start: (options, ports) => startApp({ ...options, kafkaPort: ports(kafka) }),
};

export const sparkTitle = (version: string): string => `Spark Connect ${version}`;

export const spark = (release: SparkRelease): StackService => ({
  name: "spark",
  title: sparkTitle(release.version),
  portVariable: "SPARK_PORT",
  defaultPort: 15002,
  rival: 'a "make spark"',
  jars: true,
  isReady: answers,
  variables: {
    SPARK_VERSION: release.version,
    SPARK_SCALA_VERSION: release.scala,
    SPARK_CONNECTOR_VERSION: release.connector,
    SPARK_CHECKPOINT_PACKAGE: release.checkpointPackage,
  },
  start: (options) => startSpark({ ...options, release }),
});

/** In the order of their start: each needs those before it at most. */
export const everyService: readonly StackService[] = [kafka, app, spark(sparkRelease("1"))];

/** They publish to the same topics. */
const ENGINES: readonly string[] = ["app", "spark"];

/**
 * `SPARK=1` or `4` has Spark of that release instead of the application, `APP=0` neither. Throws `usage.invalid`.
 */
export function chosenServices({ SPARK, APP }: NodeJS.ProcessEnv): readonly StackService[] {
  const release = SPARK ? sparkRelease(SPARK) : null;
  if (APP && !["0", "1"].includes(APP))
    throw fail("usage.invalid", `APP=${APP} says neither yes nor no`, "Give 0 or 1, or leave it out.");
  if (release && APP === "1") {
    const why = "both would publish to the topics of outputs";
    throw fail(
      "usage.invalid",
      `APP=1 and SPARK=${SPARK} exclude each other: ${why}`,
      "Leave one of them out.",
    );
  }
  if (release) return [kafka, spark(release)];
  return APP === "0" ? [kafka] : [kafka, app];
}

/**
 * `running`: titles by name. Throws `stack.other-runs` if one of these runs in another version, or the other of the two
 * engines does.
 */
export function refuseOthers(services: readonly StackService[], running: ReadonlyMap<string, string>): void {
  for (const { name, title } of services) {
    const same = running.get(name);
    if (same !== undefined && same !== title) throw otherRuns(`${same} runs here, not ${lowered(title)}`);
    const rival = ENGINES.includes(name)
      ? ENGINES.find((engine) => engine !== name && running.has(engine))
      : undefined;
    if (rival !== undefined)
      throw otherRuns(
        `${running.get(rival)} runs here, and would publish to the same topics as ${lowered(title)}`,
      );
  }
}

const otherRuns = (message: string) =>
  fail("stack.other-runs", message, "Stop it first: make down. Its data is kept.");

export const lowered = (title: string): string => title.replace(/^The /, "the ");

/** Throws `usage.invalid`. */
export function portOf({ portVariable, defaultPort }: StackService, env: NodeJS.ProcessEnv): number {
  const text = env[portVariable] || String(defaultPort);
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535)
    throw fail("usage.invalid", `${portVariable}=${text} is no port`, "Give a whole number from 1 to 65535.");
  return port;
}
