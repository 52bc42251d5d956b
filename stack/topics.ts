/** The topics of the pipeline on the stack's Kafka, where no application makes them. */
import { spawn } from "node:child_process";
import { join } from "node:path";

const loanstream = join(import.meta.dirname, "..", "bin", "loanstream");

/** As `make kafka-create`, with the caller's settings; resolves to its exit code. */
export function makeTopics(kafkaPort: number): Promise<number> {
  const at = ["--broker", "kafka", "--kafka-bootstrap", `127.0.0.1:${kafkaPort}`];
  const create = spawn(loanstream, ["topics", "create", ...at], { stdio: ["ignore", "inherit", "inherit"] });
  return new Promise((resolve, reject) => {
    create.once("error", reject);
    create.once("close", (code) => resolve(code ?? 1));
  });
}
