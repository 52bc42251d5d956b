import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, it } from "node:test";
import fc from "fast-check";
import { readSettings } from "../../src/config/settings.ts";
import { flagOf, hasFlag, keyOf, settingsTable, variableOf } from "../../src/config/table.ts";
import { LoanstreamError } from "../../src/errors.ts";

const scratch = mkdtempSync(join(tmpdir(), "loanstream-places-"));
after(() => rmSync(scratch, { recursive: true }));
const file = join(scratch, "loanstream.yaml");

const names = Object.entries(settingsTable)
  .filter(([, setting]) => setting.kind !== "path" && setting.kind !== "flag" && hasFlag(setting))
  .map(([name]) => name);

const text = fc.oneof(
  fc.string({ minLength: 1 }),
  fc.integer().map(String),
  fc.double({ noNaN: true }).map(String),
  fc.tuple(fc.nat(500), fc.constantFrom("h", "m", " minutes", " day", "w")).map((parts) => parts.join("")),
  fc.constantFrom("linger.ms=5", "linger.ms=5,batch.size=1", "fetch.min.bytes=x", "a:1,b:2", "a:1,,"),
  fc.constantFrom("none", "spark", "debug", "info,engine=debug", "warn,engine=loud", "engine"),
);

/** A setting's value, or null where it is refused. */
function read(name: string, args: readonly string[], environment: Readonly<Record<string, string>>) {
  try {
    const { effective } = readSettings("config", args, {}, environment);
    return effective.find((each) => each.name === name)?.value;
  } catch (error) {
    if (error instanceof LoanstreamError) return null;
    throw error;
  }
}

const inSections = (key: string, given: string): string =>
  JSON.stringify(key.split(".").reduceRight<unknown>((value, part) => ({ [part]: value }), given));

it("a text means the same in the file, the environment and a flag, or is refused in each", () => {
  fc.assert(
    fc.property(fc.constantFrom(...names), text, (name, given) => {
      writeFileSync(file, inSections(keyOf(name), given));
      const inFile = read(name, ["--config", file], {});
      assert.deepEqual(read(name, [], { [variableOf(name)]: given }), inFile);
      assert.deepEqual(read(name, [`--${flagOf(name)}=${given}`], {}), inFile);
    }),
  );
});
