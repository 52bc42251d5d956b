/** Where Spark Connect listens, as Spark itself writes it: `sc://host:port/;token=…;use_ssl=true;user_id=…`. */
import { fail } from "../../../errors.ts";

export interface Address {
  /** For HTTP/2. */
  readonly baseUrl: string;
  /** Without what may be secret. */
  readonly shown: string;
  /** Null where the server asks for none. */
  readonly token: string | null;
  readonly userId: string;
}

const DEFAULT_PORT = 15_002;
const PARAMETERS: readonly string[] = ["token", "use_ssl", "user_id"];

/** Throws `usage.invalid`. */
export function parseAddress(url: string): Address {
  const shown = shownAddress(url);
  const [, host, port = DEFAULT_PORT, rest = ""] =
    /^sc:\/\/([^/;:]+)(?::(\d+))?(?:\/|\/;(.*))?$/.exec(url) ?? [];
  if (host === undefined)
    throw fail("usage.invalid", `${shown} is no address of Spark Connect`, "Write it as sc://host:port.");
  const given = new Map(
    rest
      .split(";")
      .filter(Boolean)
      .map((text) => parameter(text, shown)),
  );
  const unknown = [...given.keys()].find((name) => !PARAMETERS.includes(name));
  if (unknown !== undefined)
    throw fail("usage.invalid", `${shown} has a parameter ${unknown}`, `Use ${PARAMETERS.join(", ")} alone.`);
  const token = given.get("token") ?? null;
  const isSecure = given.get("use_ssl")?.toLowerCase() === "true" || token !== null;
  const baseUrl = `${isSecure ? "https" : "http"}://${host}:${port}`;
  return { baseUrl, shown, token, userId: given.get("user_id") ?? "loanstream" };
}

export const shownAddress = (url: string): string => url.split(/\/?;/, 1)[0] ?? url;

function parameter(text: string, shown: string): [string, string] {
  const [name = "", ...value] = text.split("=");
  try {
    return [name, decodeURIComponent(value.join("="))];
  } catch {
    throw fail("usage.invalid", `${shown} has a parameter ${name} that can't be read`, "Write % as %25.");
  }
}
