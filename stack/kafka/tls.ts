/** A certificate for the broker, signed by itself, made by the JDK's own keytool. */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

export interface KeyStore {
  readonly keyStoreFile: string;
  readonly keyStorePassword: string;
  /** The certificate as PEM, for clients to trust. */
  readonly caFile: string;
}

/** Makes the key store in a directory unless it is there. */
export async function makeKeyStore(java: string, directory: string): Promise<KeyStore> {
  const keyStoreFile = join(directory, "keystore.p12");
  const passwordFile = join(directory, "keystore.password");
  const caFile = join(directory, "ca.pem");
  if (!existsSync(caFile)) {
    const password = randomBytes(18).toString("base64url");
    await writeFile(passwordFile, password, { mode: 0o600 });
    const store = ["-keystore", keyStoreFile, "-storetype", "PKCS12", "-storepass:file", passwordFile];
    const name = ["-alias", "broker", "-dname", "CN=localhost", "-ext", "SAN=ip:127.0.0.1,dns:localhost"];
    const keytool = (args: readonly string[]) => promisify(execFile)(join(dirname(java), "keytool"), args);
    await keytool(["-genkeypair", ...name, "-keyalg", "EC", "-validity", "3650", ...store]);
    await keytool(["-exportcert", "-rfc", "-alias", "broker", "-file", caFile, ...store]);
  }
  return { keyStoreFile, keyStorePassword: await readFile(passwordFile, "utf8"), caFile };
}
