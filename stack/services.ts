/** What the stack is made of: a row a service, named as in docker-compose.yaml. */
import { fail } from "../src/errors.ts";
import { isTakingIn, startApp } from "./app.ts";
import { KAFKA_VERSION, startKafka } from "./kafka.ts";
import { answers } from "./ports.ts";
import type { IsReady, Service, ServiceOptions } from "./service.ts";
import { SPARK_VERSION, startSpark } from "./spark.ts";

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
  start: (options, ports) => startApp({ ...options, kafkaPort: ports(kafka) }),
};

export const spark: StackService = {
  name: "spark",
  title: `Spark Connect ${SPARK_VERSION}`,
  portVariable: "SPARK_PORT",
  defaultPort: 15002,
  rival: 'a "make spark"',
  jars: true,
  isReady: answers,
  start: startSpark,
};

/** In the order of their start: each needs those before it at most. */
export const everyService: readonly StackService[] = [kafka, app, spark];

/** `SPARK=1` adds Spark, `APP=0` leaves the application out. */
export const chosenServices = ({ SPARK, APP }: NodeJS.ProcessEnv): readonly StackService[] =>
  everyService.filter((service) => (service !== spark || SPARK === "1") && (service !== app || APP !== "0"));

/** Throws `usage.invalid`. */
export function portOf({ portVariable, defaultPort }: StackService, env: NodeJS.ProcessEnv): number {
  const text = env[portVariable] || String(defaultPort);
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535)
    throw fail("usage.invalid", `${portVariable}=${text} is no port`, "Give a whole number from 1 to 65535.");
  return port;
}
