/** Ports of this machine's own address. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { connect, createServer } from "node:net";
import { fail } from "../src/errors.ts";

/** Whether something accepts connections there. */
export const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const settle = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.once("connect", () => settle(true));
    socket.once("error", () => settle(false));
  });

export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => (address && typeof address === "object" ? resolve(address.port) : reject(address)));
    });
  });

/** Throws `stack.port-in-use`, with who has it as far as this user may see. */
export async function refuseUsedPort(
  port: number,
  remedy = "Stop what listens there, or take another port.",
): Promise<void> {
  if (!(await answers(port))) return;
  const holder = holderOf(port);
  throw fail("stack.port-in-use", `port ${port} is in use${holder ? ` by ${holder}` : ""}`, remedy);
}

/** `process 4711 (java)` */
function holderOf(port: number): string | null {
  const sockets = new Set(listeningSockets(port));
  const holds = (pid: string) =>
    entries(`/proc/${pid}/fd`).some((fd) =>
      sockets.has(attempt(() => readlinkSync(`/proc/${pid}/fd/${fd}`))),
    );
  const pid = entries("/proc").find((entry) => /^\d+$/.test(entry) && holds(entry));
  return pid === undefined ? null : `process ${pid} (${text(`/proc/${pid}/comm`).trim()})`;
}

const LISTENING = "0A";

/** As links of descriptors name them. */
function listeningSockets(port: number): string[] {
  const end = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const rows = [text("/proc/net/tcp"), text("/proc/net/tcp6")].join("\n").split("\n");
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter(([, address, , state]) => address?.endsWith(end) && state === LISTENING)
    .map((fields) => `socket:[${fields[9]}]`);
}

const text = (file: string): string => attempt(() => readFileSync(file, "utf8"));

const entries = (directory: string): string[] => attempt(() => readdirSync(directory).join("\n")).split("\n");

/** What is gone or not for this user to see is empty. */
function attempt(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}
