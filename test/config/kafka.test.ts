import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { kafkaSettings } from "../../src/config/kafka.ts";
import { readSettings } from "../../src/config/settings.ts";
import { plainSettings } from "../../src/kafka/settings.ts";

const scratch = mkdtempSync(join(tmpdir(), "loanstream-kafka-settings-"));
after(() => rmSync(scratch, { recursive: true }));

function fileWith(text: string, name = "loanstream.yaml"): string {
  const path = join(mkdtempSync(join(scratch, "of-")), name);
  writeFileSync(path, text);
  return path;
}

const read = (args: readonly string[], environment: Readonly<Record<string, string>> = {}) =>
  kafkaSettings(readSettings("consume", args, {}, environment).settings);
const ofFile = (text: string, environment?: Readonly<Record<string, string>>) =>
  read(["--config", fileWith(text)], environment);

describe("settings of Kafka", () => {
  it("are those of a broker on this machine where none is given", () => {
    assert.deepEqual(read([]), plainSettings(["127.0.0.1:9092"]));
  });

  it("name the application as Kafka Streams does", () => {
    const named = (text: string, args: readonly string[] = []) =>
      readSettings("run", ["--config", fileWith(text), ...args], {}, {}).settings.kafkaApplicationId;
    assert.equal(named("broker: kafka"), "loanstream");
    assert.equal(named("kafka: { application: { id: risk } }"), "risk");
    assert.equal(named("kafka: { application: { id: risk } }", ["--kafka-application-id", "fraud"]), "fraud");
  });

  it("stand in sections of the file, as YAML is written", () => {
    const file = fileWith(`
broker: kafka
kafka:
  bootstrap: [a:9092, b:9092]
  security: sasl_ssl
  sasl: { mechanism: scram-sha-256, username: alice, password: "007" }
  ssl:
    ca_file: ca.pem
  producer: { linger.ms: 20, compression.type: zstd }
`);
    assert.deepEqual(read(["--config", file]), {
      bootstrap: ["a:9092", "b:9092"],
      security: "sasl_ssl",
      sasl: { mechanism: "scram-sha-256", username: "alice", password: "007" },
      ssl: { caFile: join(file, "..", "ca.pem"), certFile: null, keyFile: null },
      producer: { "linger.ms": "20", "compression.type": "zstd" },
      consumer: {},
    });
  });

  it("are flags and variables too, which go over the file", () => {
    const file = fileWith("kafka: { bootstrap: 'a:1,b:2', consumer: { fetch.min.bytes: 5 } }");
    const given = { LOANSTREAM_KAFKA_CONSUMER: "fetch.max.wait.ms=9, fetch.min.bytes=2" };
    const { bootstrap, consumer } = read(["--kafka-bootstrap", "c:3", "--config", file], given);
    assert.deepEqual(bootstrap, ["c:3"]);
    assert.deepEqual(consumer, { "fetch.max.wait.ms": "9", "fetch.min.bytes": "2" });
    assert.deepEqual(ofFile("kafka: { bootstrap: 'a:1,b:2' }").bootstrap, ["a:1", "b:2"]);
  });

  it("that don't exist are refused with the nearest that does, options of the client too", () => {
    assert.throws(() => ofFile("kafka: { sasl: { user: x } }"), /1:18: .*"user".*Write username/);
    assert.throws(() => ofFile("kafka.bootstrap: x"), /\[yaml\.unknown-key\]/);
    assert.throws(
      () => ofFile("kafka:\n  producer: { linger.m: 5 }"),
      /:2:13: kafka\.producer can't be taken: .*linger\.m \[yaml\.wrong-value\]\. Write linger\.ms/,
    );
    assert.throws(
      () => read(["--kafka-consumer", "fetch.min.bytes=some"]),
      /^LoanstreamError: --kafka-consumer can't be taken: .*no whole number \[usage\.invalid\]/,
    );
    assert.throws(() => read(["--kafka-consumer", "x"]), /takes options such as/);
    assert.throws(() => read(["--kafka-security", "tls"]), /takes plaintext or ssl or/);
  });

  it("take the password from the environment or a file, never from a flag, and show it nowhere", () => {
    const secured = ["--kafka-security=sasl_plaintext", "--kafka-sasl-username=alice"];
    const passwordFile = fileWith("of a file\n", "password");
    const password = (args: readonly string[], environment = {}) =>
      read([...secured, ...args], environment).sasl?.password;
    assert.equal(password([], { LOANSTREAM_KAFKA_SASL_PASSWORD: "of all" }), "of all");
    assert.equal(password(["--kafka-sasl-password-file", passwordFile]), "of a file");
    assert.throws(() => password(["--kafka-sasl-password", "x"]), /no option --kafka-sasl-password;/);
    assert.throws(
      () => password(["--kafka-sasl-password-file", `${passwordFile}2`]),
      /password2: the password can't be read \(ENOENT\) \[file\.unreadable\]/,
    );
    const both = ["--kafka-sasl-password-file", passwordFile];
    assert.throws(() => password(both, { LOANSTREAM_KAFKA_SASL_PASSWORD: "x" }), /both given.*Remove one/);
    assert.throws(
      () => ofFile("kafka: { sasl: { password: 12345 } }"),
      (error: Error) => {
        assert.match(error.message, /:1:28: expected a text, found a number/);
        return !error.message.includes("12345");
      },
    );
  });

  it("that don't fit together are refused before anybody is asked", () => {
    assert.throws(() => read(["--kafka-security=sasl_ssl"]), /sasl_ssl needs kafka\.sasl\.username/);
    assert.throws(
      () => read(["--kafka-security=sasl_ssl", "--kafka-sasl-username=a"]),
      /needs kafka\.sasl\.password/,
    );
    assert.throws(() => read(["--kafka-sasl-username=a"]), /plaintext asks for no user/);
  });
});
