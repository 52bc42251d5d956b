/** `node stack/main.ts up | down [--data] | logs [SERVICE]`; `--directory DIR` keeps the services' data elsewhere. */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { fail } from "../src/errors.ts";
import { command } from "./command.ts";
import { composeDown, composeLogs, composeUp, hasContainers, runningInContainers } from "./containers.ts";
import { defaultCacheDir } from "./maven.ts";
import {
  anyRuns,
  followLogs,
  removeStackData,
  type StackOptions,
  startStack,
  stopStack,
} from "./processes.ts";
import {
  chosenServices,
  everyService,
  kafka,
  type PortOf,
  portOf,
  refuseOthers,
  type StackService,
} from "./services.ts";
import { makeTopics } from "./topics.ts";

const USAGE = "Say up, down [--data] or logs [SERVICE].";

async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parse(argv);
  const options: StackOptions = {
    directory: resolve(values.directory),
    cacheDir: defaultCacheDir(process.env),
    env: process.env,
    say: (line) => process.stdout.write(`${line}\n`),
  };
  const [verb, service] = positionals;
  if (verb === "up") return up(options);
  if (verb === "down") return down(values.data, options);
  if (verb === "logs") return logs(service, options);
  throw fail("usage.invalid", `there is no command "${verb ?? ""}"`, USAGE);
}

function parse(argv: readonly string[]) {
  const data = { type: "boolean", default: false } as const;
  const directory = { type: "string", default: ".loanstream/stack" } as const;
  try {
    return parseArgs({ args: [...argv], allowPositionals: true, options: { data, directory } });
  } catch (error) {
    throw fail("usage.invalid", error instanceof Error ? error.message : String(error), USAGE);
  }
}

/** The application makes its topics itself; for Spark they have to be there. */
async function up(options: StackOptions): Promise<number> {
  const services = chosenServices(process.env);
  const contained = await inContainers(options);
  const code = contained ? await upInContainers(services) : 0;
  if (code !== 0) return code;
  const ports: PortOf = contained
    ? (service) => portOf(service, options.env)
    : await startStack(services, options);
  const made = services.some(({ name }) => name === "spark") ? await makeTopics(ports(kafka)) : 0;
  if (made === 0 && !contained) options.say("make logs follows their logs, make down stops them.");
  return made;
}

async function upInContainers(services: readonly StackService[]): Promise<number> {
  refuseOthers(services, await runningInContainers());
  return composeUp(services);
}

/** Both ways, since an engine may have come since the start. */
async function down(removeData: boolean, options: StackOptions): Promise<number> {
  const stopped = await stopStack(options);
  if (removeData) await removeStackData(options);
  if (await hasContainers()) return composeDown(removeData);
  if (!stopped) options.say("Nothing runs.");
  return 0;
}

async function logs(name: string | undefined, options: StackOptions): Promise<number> {
  const services = name === undefined ? everyService : [serviceNamed(name)];
  return (await inContainers(options)) ? composeLogs(services) : followLogs(services, options);
}

const inContainers = async (options: StackOptions): Promise<boolean> =>
  !(await anyRuns(options)) && (await hasContainers());

function serviceNamed(name: string): StackService {
  const found = everyService.find((service) => service.name === name);
  if (found) return found;
  const known = everyService.map((service) => service.name).join(", ");
  throw fail("usage.invalid", `there is no service "${name}"`, `Say one of ${known}.`);
}

await command(() => run(process.argv.slice(2)));
