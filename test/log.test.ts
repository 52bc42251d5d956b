import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LoanstreamError } from "../src/errors.ts";
import { type Component, createLogger, type Logger, parseLogLevels } from "../src/log.ts";

function linesOf(
  levels: string,
  terminal: boolean,
): { lines: string[]; logger: (component: Component) => Logger } {
  const lines: string[] = [];
  const settings = {
    levels: parseLogLevels(levels),
    terminal,
    nowMs: () => 0,
    write: (text: string) => lines.push(text),
  };
  return { lines, logger: (component) => createLogger(component, settings) };
}

describe("LOG_LEVEL", () => {
  it("sets a level for all and others for components", () => {
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

  it("with an unknown level or component is refused, with those there are", () => {
    const complaint = (text: string) => {
      try {
        parseLogLevels(text);
      } catch (error) {
        if (error instanceof LoanstreamError) return error.message;
      }
      return null;
    };
    assert.equal(
      complaint("engine=debgu"),
      'there is no level "debgu" of messages [usage.invalid]. Use one of: debug, info, warn, error, silent.',
    );
    assert.equal(
      complaint("info,engin=debug"),
      'there is no component "engin" of messages [usage.invalid]. Use one of: run, engine, log, store, publisher, server, generator, spark.',
    );
  });
});

it("off a terminal, messages are JSON lines", () => {
  const { lines, logger } = linesOf("", false);
  logger("run").info("ready", { port: 1 });
  assert.deepEqual(
    lines.map((text) => JSON.parse(text)),
    [{ time: "1970-01-01T00:00:00.000Z", level: "info", component: "run", message: "ready", port: 1 }],
  );
});
