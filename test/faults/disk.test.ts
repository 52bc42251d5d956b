/** A disk without room ends a run with one line; with room again, all that was acknowledged is there. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { loadPipeline } from "../../src/pipeline/load.ts";
import { loanstream } from "../cli/command-line.ts";
import { assertComplains } from "./complaint.ts";
import { mountSmallDisk, withFileLimit } from "./full-disk.ts";
import { startLife } from "./life.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { writeRecords } from "./records.ts";

const RECORDS = 4000;
const scratch = mkdtempSync(join(tmpdir(), "loanstream-disk-"));
const small = join(scratch, "small");
const disk = mountSmallDisk(small, 4);
const records = join(scratch, "records");
const pipeline = loadPipeline(fileURLToPath(new URL("../../pipeline", import.meta.url)));

after(() => {
  disk?.unmount();
  rmSync(scratch, { recursive: true });
});

async function drained(dataDirectory: string): Promise<{ start: number; outcome: Outcome }> {
  const life = startLife({ dataDirectory, records, until: RECORDS, end: "drain" });
  const { exitCode, stderr } = await life.ended;
  assert.deepEqual([exitCode, stderr], [0, ""]);
  return { start: life.startPosition() ?? 0, outcome: outcomeOf(dataDirectory, pipeline) };
}

describe("without room on the disk", () => {
  let expected: Outcome;
  before(async () => {
    writeRecords(records, RECORDS, 3, 0.8);
    expected = (await drained(join(scratch, "undisturbed"))).outcome;
  });

  /** Fails for want of room, and then, with `makeRoom`, goes on to what an undisturbed run has. */
  async function failAndGoOn(
    dataDirectory: string,
    through: readonly string[],
    makeRoom: () => void,
  ): Promise<void> {
    const life = startLife({ dataDirectory, records, until: RECORDS, end: "drain" }, through);
    assertComplains(await life.ended, 1, /^(?:log|store)\.(?:disk-full|failed)$/);
    assert.ok(life.acknowledged() > 0 && life.acknowledged() < RECORDS);
    makeRoom();
    const { start, outcome } = await drained(dataDirectory);
    assert.ok(start >= life.acknowledged(), `${life.acknowledged()} were acknowledged, ${start} are there`);
    assert.deepEqual(outcome, expected);
  }

  it("a run ends with one line, and goes on when there is room", { skip: disk === null }, async () => {
    await failAndGoOn(join(small, "data"), [], () => disk?.resize(64));
  });

  it("for a file to grow, a run ends with one line, and goes on when there is", async () => {
    await failAndGoOn(join(scratch, "limited"), withFileLimit(1500), () => {});
  });

  it("the command ends with one line and exit code 1", { skip: disk === null }, async () => {
    rmSync(join(small, "data"), { recursive: true, force: true });
    disk?.resize(4);
    const flags = ["--data-dir", join(small, "run"), "--port", "0", "--rate", "20000", "--history", "none"];
    const ended = await loanstream(["run", ...flags, "--log-level", "silent"]);
    assertComplains(ended, 1, /^(?:log|store)\.(?:disk-full|failed)$/);
  });
});
