/** Starts the application on a Kafka broker of this machine: it takes in what others send, and makes nothing up. */
import { join, resolve } from "node:path";
import { freePort, refuseUsedPort } from "./ports.ts";
import { type Service, type ServiceOptions, startService } from "./service.ts";

export interface AppOptions extends ServiceOptions {
  readonly kafkaPort: number;
}

/** `http://127.0.0.1:PORT` */
export interface App extends Service {
  readonly url: string;
}

const startScript = join(import.meta.dirname, "app", "start.sh");
const OURS = "LOANSTREAM_";

/**
 * Resolves once it takes records in. Throws `stack.port-in-use`, and `stack.died` with the end of its log, which says
 * why it couldn't.
 */
export async function startApp(options: AppOptions): Promise<App> {
  const port = options.port ?? (await freePort());
  await refuseUsedPort(port);
  const env = { ...withoutOurs(process.env), ...appSettings(port, options.kafkaPort, options.dataDir) };
  const service = await startService("the application", [startScript], env, port, options, isTakingIn);
  return { ...service, url: `http://127.0.0.1:${port}` };
}

/** As docker-compose.yaml has them too, for its own place. */
export const appSettings = (
  port: number,
  kafkaPort: number,
  dataDir: string,
): Readonly<Record<string, string>> => ({
  LOANSTREAM_BROKER: "kafka",
  LOANSTREAM_DATA_DIR: resolve(dataDir, "data"),
  LOANSTREAM_GENERATOR: "false",
  LOANSTREAM_HOST: "127.0.0.1",
  LOANSTREAM_KAFKA_BOOTSTRAP: `127.0.0.1:${kafkaPort}`,
  LOANSTREAM_PORT: String(port),
});

/** Whoever starts it may have settings of their own, which a container wouldn't see either. */
function withoutOurs(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).map(([name, value]) => [name, name.startsWith(OURS) ? undefined : value]),
  );
}

/** Its state is restored, and it reads. */
export async function isTakingIn(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/readyz`);
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
