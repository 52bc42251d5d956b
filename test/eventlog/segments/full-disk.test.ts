import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const scratch = mkdtempSync(join(tmpdir(), "loanstream-full-"));
after(() => rmSync(scratch, { recursive: true }));

const program = fileURLToPath(new URL("./full-disk-process.ts", import.meta.url));
const mounts = ["unshare", "--user", "--map-root-user", "--mount"];

/** Two processes in one shell: the first runs out of room, the second has some again. */
function run(
  command: readonly string[],
  script: string,
): { code: number | null; lines: string[]; stderr: string } {
  const directory = mkdtempSync(join(scratch, "disk-"));
  const node = `"${process.execPath}" --disable-warning=ExperimentalWarning "${program}"`;
  const [first, ...rest] = [
    ...command,
    "sh",
    "-ec",
    script.replaceAll("NODE", node).replaceAll("DIR", directory),
  ];
  const { status, stdout, stderr } = spawnSync(first!, rest, {
    encoding: "utf8",
    maxBuffer: 1 << 25,
    timeout: 60_000,
  });
  return { code: status, lines: stdout.trim().split("\n"), stderr };
}

function assertKept({ code, lines, stderr }: ReturnType<typeof run>, why: string): void {
  assert.equal(code, 0, stderr);
  const [filled, reopened] = lines.map((line) => JSON.parse(line));
  assert.ok(filled.acknowledged.length > 20, "some were acknowledged");
  assert.equal(filled.errors.length, 2);
  for (const error of filled.errors) {
    assert.ok(error.includes(`there is no room for more records (${why}) [log.disk-full]`), error);
    assert.equal(error.split("\n").length, 1);
  }
  const { acknowledged } = filled;
  assert.deepEqual(reopened.texts.slice(0, acknowledged.length), acknowledged);
  assert.ok(
    reopened.texts.length - acknowledged.length <= 2,
    "at most the append that failed is there besides",
  );
  for (const text of reopened.texts) assert.equal(text.length, 701, "nothing is there by half");
  assert.equal(reopened.end, reopened.texts.length + 1);
}

describe("a disk that is full", () => {
  it("keeps what was acknowledged, says so in one line, and takes more once there is room", (t) => {
    const canMount = spawnSync(mounts[0]!, [...mounts.slice(1), "true"]).status === 0;
    if (!canMount)
      return t.skip("no file system can be mounted here: a disk that is really full is NOT tested");
    const script = `
      mount -t tmpfs -o size=1m tmpfs DIR
      head -c 300000 /dev/zero > DIR/other
      NODE fill DIR/log
      rm DIR/other
      NODE reopen DIR/log`;
    assertKept(run(mounts, script), "ENOSPC");
  });

  it("is no other than a limit on the size of files", () => {
    assertKept(run([], "(ulimit -f 180; NODE fill DIR/log); NODE reopen DIR/log"), "EFBIG");
  });
});
