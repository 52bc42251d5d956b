import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { makeDirectories, whyUnwritable } from "../src/directories.ts";

const scratch = mkdtempSync(join(tmpdir(), "loanstream-directories-"));
after(() => rmSync(scratch, { recursive: true }));

function refusal(path: string): string {
  try {
    makeDirectories(path);
  } catch (error) {
    return whyUnwritable(error);
  }
  return "none";
}

describe("directories", () => {
  it("are made with those above, for whom the mode says", () => {
    const path = join(scratch, "a", "b", "c");
    assert.equal(makeDirectories(path, 0o700), true);
    assert.equal(makeDirectories(path, 0o700), false);
    for (const made of [path, join(scratch, "a")]) assert.equal(statSync(made).mode & 0o777, 0o700);
  });

  it("that can't be made say what is in the way", () => {
    const file = join(scratch, "file");
    writeFileSync(file, "");
    assert.equal(refusal(file), "it is a file (EEXIST)");
    assert.equal(refusal(join(file, "x", "y")), "a part of its path is a file (ENOTDIR)");
  });

  it("that can't be made where a file system refuses with ENOENT end all the same", {
    skip: !existsSync("/proc/self"),
  }, () => {
    assert.equal(refusal("/proc/x/y"), "nothing can be made there (ENOENT)");
  });
});
