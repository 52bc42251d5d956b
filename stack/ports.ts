/** Ports of this machine's own address. */
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

/** Throws `stack.port-in-use`. */
export async function refuseUsedPort(
  port: number,
  remedy = "Stop what listens there, or take another port.",
): Promise<void> {
  if (await answers(port)) throw fail("stack.port-in-use", `port ${port} is in use`, remedy);
}
