/** What the stack is made of: a row a service, named as in docker-compose.yaml. */
import { fail } from "../src/errors.ts";
import { KAFKA_VERSION, startKafka } from "./kafka.ts";
import type { Service, ServiceOptions } from "./service.ts";
import { SPARK_VERSION, startSpark } from "./spark.ts";

export interface StackService {
  readonly name: string;
  readonly title: string;
  /** The environment variable that names another port; docker-compose.yaml reads it too. */
  readonly portVariable: string;
  readonly defaultPort: number;
  start(options: ServiceOptions): Promise<Service>;
}

export const kafka: StackService = {
  name: "kafka",
  title: `Kafka ${KAFKA_VERSION}`,
  portVariable: "KAFKA_PORT",
  defaultPort: 9092,
  start: startKafka,
};

export const spark: StackService = {
  name: "spark",
  title: `Spark Connect ${SPARK_VERSION}`,
  portVariable: "SPARK_PORT",
  defaultPort: 15002,
  start: startSpark,
};

/** In the order of their start. */
export const everyService: readonly StackService[] = [kafka, spark];

/** `SPARK=1` adds Spark. */
export const chosenServices = (env: NodeJS.ProcessEnv): readonly StackService[] =>
  env.SPARK === "1" ? everyService : everyService.filter((service) => service !== spark);

/** Throws `usage.invalid`. */
export function portOf({ portVariable, defaultPort }: StackService, env: NodeJS.ProcessEnv): number {
  const text = env[portVariable] || String(defaultPort);
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535)
    throw fail("usage.invalid", `${portVariable}=${text} is no port`, "Give a whole number from 1 to 65535.");
  return port;
}
