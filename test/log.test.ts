import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LoanstreamError } from "../src/errors.ts";
import { createLogger, parseLogLevels } from "../src/log.ts";

function linesOf(
  levels: string,
  terminal: boolean,
): { lines: string[]; logger: (scope: string) => ReturnType<typeof createLogger> } {
  const lines: string[] = [];
  const settings = {
    levels: parseLogLevels(levels),
    terminal,
    nowMs: () => 0,
    write: (text: string) => lines.push(text),
  };
  return { lines, logger: (scope) => createLogger(scope, settings) };
}

describe("LOG_LEVEL", () => {
  it("sets a level for all and others for scopes", () => {
    const { lines, logger } = linesOf("warn,engine=debug", true);
    logger("engine").debug("step", { rows: 3 });
    logger("run").info("unseen");
    logger("run").error("seen");
    assert.deepEqual(lines, ["00:00:00 debug engine: step rows=3\n", "00:00:00 error run: seen\n"]);
  });

  it("is info when nothing is set", () => {
    const { lines, logger } = linesOf("", true);
    logger("run").debug("unseen");
    logger("run").info("seen");
    assert.deepEqual(lines, ["00:00:00 info run: seen\n"]);
  });

  it("with an unknown level is refused", () => {
    assert.throws(() => parseLogLevels("engine=loud"), LoanstreamError);
  });
});

it("off a terminal, messages are JSON lines", () => {
  const { lines, logger } = linesOf("", false);
  logger("run").info("ready", { port: 1 });
  assert.deepEqual(
    lines.map((text) => JSON.parse(text)),
    [{ time: "1970-01-01T00:00:00.000Z", level: "info", scope: "run", message: "ready", port: 1 }],
  );
});
