import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { asksForDebug, type Effective, effectiveSettings, readSettings } from "../../src/config/settings.ts";
import { flagOf, keyOf, type SettingsTable, settingsTable, variableOf } from "../../src/config/table.ts";
import { isComplaint, readValue, shown } from "../../src/config/value.ts";
import { LoanstreamError } from "../../src/errors.ts";

const scratch = mkdtempSync(join(tmpdir(), "loanstream-settings-"));
after(() => rmSync(scratch, { recursive: true }));

function fileWith(text: string): string {
  const path = join(mkdtempSync(join(scratch, "of-")), "loanstream.yaml");
  writeFileSync(path, text);
  return path;
}

const options = { options: { json: { type: "boolean" } }, allowPositionals: true } as const;

function read(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  return readSettings("run", args, options, environment);
}

function complaints(args: readonly string[], environment: Readonly<Record<string, string>> = {}): string {
  try {
    read(args, environment);
  } catch (error) {
    if (error instanceof LoanstreamError) return error.message;
    throw error;
  }
  return "";
}

const one = (effective: readonly Effective[], name: string) => effective.find((each) => each.name === name);

describe("settings", () => {
  it("come from the file, over them the environment, over them flags", () => {
    const file = fileWith("rate: 5\nseed: 5\nport: 5\n");
    const { settings, effective } = read(["--rate", "7", "--config", file], {
      LOANSTREAM_RATE: "6",
      LOANSTREAM_SEED: "6",
    });
    assert.deepEqual([settings.rate, settings.seed, settings.port, settings.host], [7, 6, 5, "127.0.0.1"]);
    assert.deepEqual(
      ["rate", "seed", "port", "host"].map((name) => one(effective, name)?.origin),
      [
        { kind: "flag", flag: "--rate" },
        { kind: "variable", variable: "LOANSTREAM_SEED" },
        { kind: "file", place: { file, line: 3, column: 7 } },
        { kind: "default" },
      ],
    );
  });

  it("leave the command its own flags and positionals, in any order", () => {
    const { flags, positionals, settings } = read([
      "a",
      "--rate",
      "7",
      "--json",
      "--seed=3",
      "b",
      "--",
      "--rate",
    ]);
    assert.deepEqual([flags.json, positionals], [true, ["a", "b", "--rate"]]);
    assert.deepEqual([settings.rate, settings.seed], [7, 3]);
  });

  it("have defaults that are values of theirs", () => {
    for (const [name, setting] of Object.entries(settingsTable))
      assert.ok(!isComplaint(readValue(setting, setting.default)), name);
  });

  it("that are yes or no are set by --name and --no-name", () => {
    assert.equal(read([]).settings.generator, true);
    assert.equal(read(["--no-generator"]).settings.generator, false);
    assert.equal(read(["--generator"], { LOANSTREAM_GENERATOR: "false" }).settings.generator, true);
    assert.equal(read(["--config", fileWith("generator: false\n")]).settings.generator, false);
  });

  it("that are paths are relative to the file that holds them, else to the working directory", () => {
    const file = fileWith("data_dir: ../data\npipeline: /somewhere\n");
    const { settings } = read(["--config", file]);
    assert.deepEqual([settings.dataDir, settings.pipeline], [join(file, "..", "../data"), "/somewhere"]);
    assert.equal(read([], { LOANSTREAM_DATA_DIR: "there" }).settings.dataDir, "there");
  });

  it("that are times are written as one says them", () => {
    const history = (text: string) => read(["--history", text]).settings.history;
    assert.deepEqual(
      ["24h", "90 minutes", "1 day", "none"].map(history),
      [86_400_000, 5_400_000, 86_400_000, 0],
    );
    assert.match(
      complaints(["--history", "soon"]),
      /^--history takes a time .* not "soon" \[usage\.invalid\]/,
    );
  });

  it("refuse what they don't take, wherever it stands", () => {
    const file = fileWith("rate: fast\n");
    assert.match(
      complaints(["--config", file]),
      /loanstream\.yaml:1:7: rate takes .* not "fast" \[yaml\.wrong-value\]/,
    );
    assert.match(
      complaints([], { LOANSTREAM_PORT: "99999" }),
      /^LOANSTREAM_PORT takes .* from 0 to 65535, .*\[settings\.invalid-variable\]/,
    );
    assert.match(complaints(["--seed", "-1"]), /--seed/);
    assert.match(
      complaints(["--log-level", "engin=debug"]),
      /no component "engin".*Use one of: run, engine, log/,
    );
  });

  it("are reported all at once", () => {
    const file = fileWith("rate: fast\nfoo: 1\nhistory: soon\nbar: 2\n");
    const environment = { LOANSTREAM_RATE: "0", LOANSTREAM_PRT: "1" };
    const found = complaints(["--config", file, "--seed", "x"], environment);
    assert.deepEqual(
      found.split("\n").map((line) => /\[(.*)\]/.exec(line)?.[1]),
      [
        ...["yaml.unknown-key", "yaml.unknown-key", "settings.unknown-variable"],
        ...["yaml.wrong-value", "yaml.wrong-value", "settings.invalid-variable", "usage.invalid"],
      ],
    );
  });

  it("that don't exist are refused with the nearest that does", () => {
    const file = fileWith("rate: 5\ndata-dir: x\n");
    assert.match(
      complaints(["--config", file]),
      /:2:1: the key "data-dir" is not known here \[yaml\.unknown-key\]\. Write data_dir/,
    );
    assert.match(
      complaints([], { LOANSTREAM_DATA_DIRECTORY: "x" }),
      /Write LOANSTREAM_DATA_DIR, or unset it/,
    );
  });

  it("leave the variables of tests alone, and empty ones out", () => {
    const { settings } = read([], {
      LOANSTREAM_TEST_SPARK: "x",
      LOANSTREAM_NIGHTLY: "1",
      LOANSTREAM_RATE: "",
    });
    assert.equal(settings.rate, 3);
  });

  it("of messages decide whether stacks are shown, unless they can't be read", () => {
    assert.equal(asksForDebug(["--log-level", "debug"], {}), true);
    assert.equal(asksForDebug(["--out", "x"], { LOG_LEVEL: "debug" }), true);
    assert.equal(asksForDebug(["--log-level=engine=debug"], {}), false);
    assert.equal(asksForDebug(["--log-level=loud"], { LOG_LEVEL: "debug" }), false);
  });

  it("of messages may be named LOG_LEVEL too", () => {
    assert.equal(read([], { LOG_LEVEL: "warn" }).settings.logLevel.general, "warn");
    assert.equal(
      read([], { LOG_LEVEL: "warn", LOANSTREAM_LOG_LEVEL: "error" }).settings.logLevel.general,
      "error",
    );
  });

  it("that are secret are never shown", () => {
    const table: SettingsTable = {
      password: { kind: "secret", default: null, commands: "every", value: "P", meaning: "a password" },
    };
    const environment = { LOANSTREAM_PASSWORD: "hidden" };
    const [password] = effectiveSettings(table, { file: null, environment, flags: [] }, "config");
    assert.equal(password?.value, "hidden");
    assert.equal(shown(table.password!, password.text), "(set)");
    assert.equal(shown(table.password!, null), null);
  });

  it("are read from loanstream.yaml of the working directory", (t) => {
    const before = process.cwd();
    t.after(() => process.chdir(before));
    process.chdir(mkdtempSync(join(scratch, "work-")));
    assert.equal(read([]).file, null);
    writeFileSync("loanstream.yaml", "rate: 5\ndata_dir: data\n");
    const { settings, file } = read([]);
    assert.deepEqual([settings.rate, settings.dataDir, file], [5, "data", "loanstream.yaml"]);
    assert.equal(read([], { LOANSTREAM_CONFIG: fileWith("rate: 6\n") }).settings.rate, 6);
  });

  it("name a file that isn't there, and take an empty one", () => {
    assert.match(
      complaints(["--config", join(scratch, "none.yaml")]),
      /none\.yaml: .*ENOENT.*\[file\.unreadable\]/,
    );
    assert.equal(read(["--config", fileWith("# nothing yet\n")]).settings.rate, 3);
  });
});

it("a setting is a flag, a key and a variable", () => {
  assert.deepEqual(
    [flagOf("dataDir"), keyOf("dataDir"), variableOf("dataDir")],
    ["data-dir", "data_dir", "LOANSTREAM_DATA_DIR"],
  );
});
