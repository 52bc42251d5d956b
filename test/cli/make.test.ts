import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The last command that a target would run, and whether make would print it. */
async function commandOf(...args: readonly string[]): Promise<string> {
  const environment = { ...process.env, MAKEFLAGS: "" };
  const { stdout } = await promisify(execFile)("make", ["-n", "--no-print-directory", ...args], {
    cwd: root,
    env: environment,
  });
  const lines = stdout.replaceAll("\\\n", " ").trim().split("\n");
  return (lines.at(-1) ?? "").replaceAll(/\s+/g, " ").trim();
}

describe("make", () => {
  it("follows topics of Kafka by a target each", async () => {
    const topics = {
      "kafka-consumer-input": "input",
      ...Object.fromEntries(
        ["risk", "fraud", "stats", "segment", "channel"].map((name) => [
          `kafka-consumer-output-${name}`,
          name,
        ]),
      ),
      "kafka-consumer-alerts": "alerts",
      "kafka-consumer-late": "late",
      "kafka-consumer-dlq": "dlq",
    };
    for (const [target, topic] of Object.entries(topics))
      assert.equal(await commandOf(target), `bin/loanstream consume ${topic} --broker kafka`);
  });

  it("passes on what is asked of a consumer, and where Kafka is", async () => {
    const asked = ["JSON=1", "FROM=beginning", "MAX=100", "KEY=a b", "KAFKA_PORT=19092"];
    assert.equal(
      await commandOf("kafka-consumer-input", ...asked),
      "bin/loanstream consume input --broker kafka --kafka-bootstrap 127.0.0.1:19092 --json --from beginning --max 100 --key 'a b'",
    );
  });

  it("sends generated events where KAFKA_PORT says that Kafka is", async () => {
    assert.equal(
      await commandOf("kafka-producer-single", "COUNT=7", "KAFKA_PORT=19092"),
      "bin/loanstream generate --out kafka --paced --rhythm flat --rate 10 --events 7 --kafka-bootstrap 127.0.0.1:19092",
    );
    assert.doesNotMatch(await commandOf("kafka-producer-single"), /bootstrap/);
  });

  it("deletes and makes topics anew only where somebody said so", async () => {
    assert.equal(await commandOf("kafka-list", "JSON=1"), "bin/loanstream topics list --broker kafka --json");
    assert.equal(await commandOf("kafka-recreate"), "bin/loanstream topics recreate --broker kafka");
    assert.equal(await commandOf("kafka-delete-all"), "bin/loanstream topics delete --broker kafka");
    assert.equal(
      await commandOf("kafka-delete-all", "YES=1"),
      "bin/loanstream topics delete --broker kafka --yes",
    );
  });

  it("compares with the release of Spark that is asked for", async () => {
    assert.match(await commandOf("parity", "SPARK=4"), /^LOANSTREAM_TEST_SPARK_RELEASE=4 .* test\/parity\//);
    assert.match(await commandOf("parity"), /^LOANSTREAM_TEST_SPARK_RELEASE= /);
  });
});
