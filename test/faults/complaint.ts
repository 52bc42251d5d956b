/** What a user sees of a failure: one line of the catalogue, and nothing else. */
import assert from "node:assert/strict";

export interface Failed {
  readonly exitCode: number | null;
  readonly stderr: string;
}

/** One line with place or not, message, code and remedy; no stack. */
export function assertComplains({ exitCode, stderr }: Failed, expectedExit: 1 | 2, code: RegExp): void {
  const line = /^(?<what>.+) \[(?<code>[a-z]+\.[a-z-]+)\]\. (?<remedy>[A-Z].+\.)\n$/.exec(stderr);
  assert.ok(line?.groups, `not one line of the catalogue: ${stderr}`);
  assert.match(line.groups.code ?? "", code, stderr);
  assert.equal(exitCode, expectedExit);
}
