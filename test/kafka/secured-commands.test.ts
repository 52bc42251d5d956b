/** The commands over SASL and TLS, as users who may do this and that. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it, test } from "node:test";
import { createAclsV3 } from "@platformatic/kafka";
import { openCluster } from "../../src/kafka/cluster.ts";
import { openProducer } from "../../src/kafka/producer.ts";
import { plainSettings } from "../../src/kafka/settings.ts";
import { wantedTopics } from "../../src/topics/wanted-topics.ts";
import { findJava, noJava } from "../../stack/java.ts";
import { type KafkaBroker, startKafka } from "../../stack/kafka.ts";
import { defaultCacheDir } from "../../stack/maven.ts";
import { loanstream } from "../cli/command-line.ts";
import { pipeline } from "../topics/data.ts";
import { USERS } from "./broker.ts";
import { withAdmin } from "./filled-topics.ts";

const [alice, bob] = USERS;
const INPUT = "loan.applications";
const scratch = mkdtempSync(join(tmpdir(), "loanstream-secured-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

if ((await findJava(process.env)) === null) {
  if (process.env.CI) throw noJava();
  const skip = "NO JAVA: nothing was tried against Kafka. Install Java 17 and Maven to run this test.";
  test("commands over SASL and TLS", { skip }, () => {});
} else describe("commands over SASL and TLS", ofSecured);

/** As Kafka numbers them. */
const ACL = { resourceType: 2, prefixed: 4, allow: 3, read: 3 };

function ofSecured(): void {
  let at: { readonly bootstrap: string; readonly caFile: string };
  let broker: KafkaBroker | null = null;
  after(() => broker?.stop("SIGKILL"));

  before(async () => {
    const options = { cacheDir: defaultCacheDir(process.env), dataDir: join(scratch, "kafka") };
    broker = await startKafka({ ...options, ownerPid: process.pid, temporary: true, secure: USERS });
    assert.ok(broker.secure);
    at = broker.secure;
    const plain = plainSettings([broker.bootstrap]);
    await withAdmin(plain, (admin) => admin.create(wantedTopics(pipeline)));
    await allowBobToRead(plain);
    const producer = await openProducer(plain, { topics: [INPUT] });
    producer.send(INPUT, { key: null, value: Buffer.from("{}"), headers: [], timestampMs: 1 });
    await producer.close();
  });

  async function allowBobToRead(plain: ReturnType<typeof plainSettings>): Promise<void> {
    const cluster = await openCluster(plain, 10_000);
    const acl = {
      ...{ resourceType: ACL.resourceType, resourceName: "loan.", resourcePatternType: ACL.prefixed },
      ...{ principal: `User:${bob.name}`, host: "*", operation: ACL.read, permissionType: ACL.allow },
    };
    await cluster.ask("controller", createAclsV3.api, [[acl as never]]);
    await cluster.close();
  }

  /** By a file of settings, as users have it, with the password beside. */
  function run(args: readonly string[], { name, password }: { name: string; password: string }) {
    const file = join(mkdtempSync(join(scratch, "of-")), "loanstream.yaml");
    const kafka = {
      ...{ bootstrap: [at.bootstrap], security: "sasl_ssl", ssl: { ca_file: at.caFile } },
      sasl: { mechanism: "scram-sha-256", username: name, password_file: "password" },
    };
    writeFileSync(file, JSON.stringify({ broker: "kafka", kafka, data_dir: "none", port: 0 }));
    writeFileSync(join(file, "..", "password"), `${password}\n`);
    return loanstream([...args, "--config", file]);
  }

  it("let a user read what the user may", async () => {
    const [consumed, refused] = await Promise.all([
      run(["consume", "input", "--json", "--no-follow"], bob),
      run(["consume", "input", "--json", "--no-follow"], alice),
    ]);
    assert.deepEqual([consumed.exitCode, consumed.stdout], [0, "{}\n"], consumed.stderr);
    assert.equal(refused.exitCode, 2);
    assert.match(refused.stderr, /^[^\n]*\[kafka\.(topic-missing|authorisation-refused)\][^\n]*\n$/);
  });

  it("refuse to delete, whoever says yes, for a user who may not", async () => {
    const { exitCode, stdout, stderr } = await run(["topics", "delete", "risk", "--yes"], bob);
    assert.deepEqual([exitCode, stdout], [2, ""]);
    assert.match(stderr, /^[^\n]*may not \w+ on Topic loan[^\n]*\[kafka\.authorisation-refused\][^\n]*\n$/);
  });

  it("have doctor say what a user may not, and that a password is wrong without it", async () => {
    const wrong = { ...bob, password: "not bob's password" };
    const [ofBob, ofNobody] = await Promise.all([run(["doctor"], bob), run(["doctor"], wrong)]);
    assert.match(ofBob.stdout, /^ok +broker +.* answers, and lets bob in;/m);
    assert.match(
      ofBob.stdout,
      /^failed +rights +the user may not Write on Topic loan\.alerts\n +Allow it: kafka-acls .* User:bob .*Write/m,
    );
    assert.doesNotMatch(ofBob.stdout, /may not Read/);
    assert.match(ofNobody.stdout, /^failed +broker +.*\[kafka\.authentication-failed\]$/m);
    for (const { stdout, stderr } of [ofBob, ofNobody])
      assert.doesNotMatch(`${stdout}${stderr}`, /(not )?bob's (password|secret)/);
  });
}
