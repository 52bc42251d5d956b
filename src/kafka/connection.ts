/** Connections to brokers, by the client's own `Connection`: sockets, TLS and SASL are its work. */
import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { apiVersionsV3, Connection, type ConnectionOptions } from "@platformatic/kafka";
import { fail } from "../errors.ts";
import type { KafkaSettings, Sasl, Ssl } from "./settings.ts";
import { refuseOldBroker } from "./versions.ts";

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface Connections {
  /** The connection to an address, made when first asked for and after it broke. Throws the client's own errors. */
  get(address: Address): Promise<Connection>;
  close(): Promise<void>;
}

const CLIENT_ID = "loanstream";
const CONNECT_WITHIN_MS = 5_000;

/** Requests beyond one wait here, so that a broker takes them in the order in which they were made. */
const REQUESTS_AT_ONCE = 1;

/** Throws `usage.invalid` and `file.unreadable`. No connection is made yet. */
export async function openConnections(
  settings: KafkaSettings,
  requestTimeoutMs: number,
): Promise<Connections> {
  const options = { ...(await clientOptions(settings)), requestTimeout: requestTimeoutMs };
  const known = new Map<string, Promise<Connection>>();
  let closed = false;
  const connect = async (address: Address, key: string): Promise<Connection> => {
    const connection = newConnection(options, address);
    connection.once("close", () => forget(key, made));
    const made = open(connection, address);
    known.set(key, made);
    made.catch(() => forget(key, made));
    return made;
  };
  const forget = (key: string, made: Promise<Connection>) => {
    if (known.get(key) === made) known.delete(key);
  };
  return {
    async get(address) {
      const key = addressText(address);
      if (closed)
        throw fail("kafka.unreachable", "the connections are closed", "Open them again.", { broker: key });
      return known.get(key) ?? connect(address, key);
    },
    async close() {
      closed = true;
      const all = [...known.values()];
      known.clear();
      await Promise.allSettled(all.map(async (connection) => (await connection).close()));
    },
  };
}

export const addressText = ({ host, port }: Address): string => `${host}:${port}`;

/** `host:port`, or `[v6]:port`. Throws `usage.invalid`. */
export function parseAddress(text: string): Address {
  const [, host, port] = /^\[?([^\s[\]]+?)\]?:(\d{1,5})$/.exec(text) ?? [];
  if (host !== undefined && Number(port) > 0 && Number(port) < 65_536) return { host, port: Number(port) };
  const remedy = "Write host:port, several with commas between them.";
  throw fail("usage.invalid", `kafka.bootstrap "${text}" is no address`, remedy);
}

function newConnection(options: ConnectionOptions, { host }: Address): Connection {
  const serverName = isIP(host) === 0 ? { tlsServerName: host } : {};
  const connection = new Connection(CLIENT_ID, { ...options, ...serverName });
  // An error event that nobody listens to ends the process; every error comes back from the call as well.
  connection.on("error", () => {});
  return connection;
}

async function open(connection: Connection, address: Address): Promise<Connection> {
  try {
    await connection.connect(address.host, address.port);
    const { apiKeys } = await apiVersionsV3.api.async(connection, CLIENT_ID, "1");
    refuseOldBroker(apiKeys, addressText(address));
    return connection;
  } catch (error) {
    connection.close().catch(() => {});
    throw error;
  }
}

/** Our settings as the client's. Throws `usage.invalid` where they don't fit together, and `file.unreadable`. */
export async function clientOptions(settings: KafkaSettings): Promise<ConnectionOptions> {
  const wantsSasl = settings.security.startsWith("sasl_");
  if (wantsSasl && settings.sasl === null) {
    const remedy = "Set kafka.sasl.mechanism, .username and .password.";
    throw fail("usage.invalid", `kafka.security ${settings.security} needs a user`, remedy);
  }
  return {
    connectTimeout: CONNECT_WITHIN_MS,
    maxInflights: REQUESTS_AT_ONCE,
    ...(settings.security.endsWith("ssl") ? { tls: await tlsOptions(settings.ssl) } : {}),
    ...(wantsSasl && settings.sasl ? { sasl: saslOptions(settings.sasl) } : {}),
  };
}

const MECHANISMS = {
  plain: "PLAIN",
  "scram-sha-256": "SCRAM-SHA-256",
  "scram-sha-512": "SCRAM-SHA-512",
} as const;

const saslOptions = ({ mechanism, username, password }: Sasl) => ({
  mechanism: MECHANISMS[mechanism],
  username,
  // As a function the password is no property of anything that might be printed.
  password: () => password,
});

async function tlsOptions({ caFile, certFile, keyFile }: Ssl) {
  return {
    ...(caFile ? { ca: await pem(caFile) } : {}),
    ...(certFile ? { cert: await pem(certFile) } : {}),
    ...(keyFile ? { key: await pem(keyFile) } : {}),
  };
}

const pem = (file: string): Promise<string> =>
  readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    const remedy = "Name a PEM file that is there and readable.";
    throw fail("file.unreadable", `can't be read (${error.code})`, remedy, { file });
  });
