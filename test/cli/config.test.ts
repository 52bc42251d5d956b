import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { keyOf, settingsTable } from "../../src/config/table.ts";
import { loanstream } from "./command-line.ts";

const scratch = mkdtempSync(join(tmpdir(), "loanstream-config-"));
after(() => rmSync(scratch, { recursive: true }));
const file = join(scratch, "mine.yaml");
writeFileSync(file, "rate: 5\npipeline: models\n");

describe("config", () => {
  it("shows every setting, its value, and where that came from", async () => {
    const { exitCode, stdout } = await loanstream(["config", "--json", "--seed", "9", "--config", file], {
      LOANSTREAM_PORT: "81",
    });
    const { settings, ...rest } = JSON.parse(stdout);
    assert.deepEqual([exitCode, rest], [0, { file }]);
    assert.deepEqual(Object.keys(settings), Object.keys(settingsTable).map(keyOf));
    assert.deepEqual(
      ["rate", "pipeline", "port", "seed", "history"].map((key) => settings[key]),
      [
        { value: 5, from: `${file}:1` },
        { value: join(scratch, "models"), from: `${file}:2` },
        { value: 81, from: "LOANSTREAM_PORT" },
        { value: 9, from: "--seed" },
        { value: "24 hours", from: "default" },
      ],
    );
  });

  it("prints a line each, and says what no value means", async () => {
    const { stdout } = await loanstream(["config"], { LOANSTREAM_RATE: "5" });
    assert.match(stdout, /^rate +5 +LOANSTREAM_RATE$/m);
    assert.match(stdout, /^pipeline +\(the one that comes with loanstream\) +default$/m);
  });

  it("shows of a secret only that it is set, and what is in sections by its whole key", async () => {
    const environment = {
      LOANSTREAM_KAFKA_SASL_PASSWORD: "hidden",
      LOANSTREAM_KAFKA_BOOTSTRAP: "a:1,b:2",
      SPARK_REMOTE: "sc://h:1/;token=hidden;user_id=ann",
    };
    const [text, json] = await Promise.all([
      loanstream(["config"], environment),
      loanstream(["config", "--json"], environment),
    ]);
    assert.match(text.stdout, /^kafka\.sasl\.password +\(set\) +LOANSTREAM_KAFKA_SASL_PASSWORD$/m);
    assert.match(text.stdout, /^kafka\.bootstrap +a:1,b:2 +LOANSTREAM_KAFKA_BOOTSTRAP$/m);
    assert.match(text.stdout, /^spark\.remote +sc:\/\/h:1\/;token=\(set\);user_id=ann +SPARK_REMOTE$/m);
    assert.equal(JSON.parse(json.stdout).settings["kafka.sasl.password"].value, "(set)");
    assert.ok(!`${text.stdout}${json.stdout}`.includes("hidden"));
  });

  it("refuses what is wrong in one line each, with the place", async () => {
    const wrong = join(scratch, "wrong.yaml");
    writeFileSync(wrong, "rate: 5\nports: 80\n");
    const { exitCode, stdout, stderr } = await loanstream(["config"], { LOANSTREAM_CONFIG: wrong });
    assert.deepEqual([exitCode, stdout], [2, ""]);
    assert.equal(
      stderr,
      `${wrong}:2:1: the key "ports" is not known here [yaml.unknown-key]. Write port, or remove it.\n`,
    );
  });
});
