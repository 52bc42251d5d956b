/** What the machine has. */
import { execFile } from "node:child_process";
import { createServer } from "node:net";
import { promisify, stripVTControlCharacters } from "node:util";
import { type Check, type Finding, failed, ok, warning } from "./check.ts";
import type { Subject } from "./subject.ts";

export interface Machine {
  /** Such as `v24.21.0`. */
  readonly nodeVersion: string;
  readonly platform: string;
  readonly architecture: string;
}

const NODE_MAJOR = "v24.";

export const machineChecks: readonly Check<Machine>[] = [
  {
    name: "node",
    async run({ nodeVersion, platform, architecture }) {
      const found = `Node ${nodeVersion} on ${platform} ${architecture}`;
      if (!nodeVersion.startsWith(NODE_MAJOR))
        return [failed(found, "Run bin/loanstream, which takes the pinned Node 24, or put one on the PATH.")];
      if (platform !== "linux")
        return [warning(found, "Linux is what is tested; use it for more than a try.")];
      return [ok(found)];
    },
  },
  {
    name: "java",
    run: () => needed("java", ["-version"], "only tests on Spark need it (version 17)"),
  },
  {
    name: "maven",
    run: () => needed("mvn", ["-version"], "only tests on Spark need it, to fetch Spark once"),
  },
];

/** A tool that most can do without. */
async function needed(command: string, args: readonly string[], why: string): Promise<readonly Finding[]> {
  const said = await promisify(execFile)(command, [...args]).then(
    ({ stdout, stderr }) => stripVTControlCharacters(`${stdout}${stderr}`).split("\n", 1)[0] ?? "",
    () => null,
  );
  return [ok(said === null ? `there is no ${command}; ${why}` : said)];
}

export const portCheck: Check<Subject> = {
  name: "port",
  async run({ settings: { host, port }, process }) {
    if (port === 0) return [ok("any free port is taken")];
    const where = `${host}:${port}`;
    // Whatever is set here, it has its port.
    if (typeof process?.url === "string") return [ok(`the process that runs here listens on ${process.url}`)];
    const code = await complaintOfListening(host, port);
    if (code === null) return [ok(`${where} is free`)];
    if (code === "EADDRINUSE")
      return [failed(`another program listens on ${where}`, "End it, or name another port by --port.")];
    return [failed(`nothing can listen on ${where} (${code})`, "Name another by --host and --port.")];
  },
};

/** Null if it can be listened on. */
function complaintOfListening(host: string, port: number): Promise<string | null> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)));
  });
}
