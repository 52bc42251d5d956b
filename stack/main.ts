/** `node stack/main.ts up | down [--data] | logs [SERVICE]`; `--directory DIR` keeps the services' data elsewhere. */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { fail, formatDiagnostic, LoanstreamError } from "../src/errors.ts";
import { composeDown, composeLogs, composeUp, hasContainers } from "./containers.ts";
import { defaultCacheDir } from "./maven.ts";
import {
  anyRuns,
  followLogs,
  removeStackData,
  type StackOptions,
  startStack,
  stopStack,
} from "./processes.ts";
import { chosenServices, everyService, type StackService } from "./services.ts";

const USAGE = "Say up, down [--data] or logs [SERVICE].";

async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parse(argv);
  const options: StackOptions = {
    directory: resolve(values.directory),
    cacheDir: defaultCacheDir(process.env),
    env: process.env,
    say: (line) => process.stdout.write(`${line}\n`),
  };
  const [command, service] = positionals;
  if (command === "up") return up(options);
  if (command === "down") return down(values.data, options);
  if (command === "logs") return logs(service, options);
  throw fail("usage.invalid", `there is no command "${command ?? ""}"`, USAGE);
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

async function up(options: StackOptions): Promise<number> {
  const services = chosenServices(process.env);
  if (await inContainers(options)) return composeUp(services);
  await startStack(services, options);
  options.say("make logs follows their logs, make down stops them.");
  return 0;
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

// Whoever reads may have enough; the work goes on.
process.stdout.on("error", () => {});
try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof LoanstreamError)) throw error;
  for (const diagnostic of error.diagnostics) process.stderr.write(`${formatDiagnostic(diagnostic)}\n`);
  process.exitCode = error.exitCode;
}
