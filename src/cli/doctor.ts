/** `loanstream doctor`: what is wrong or missing here, and what to do about it. */

import { settingLines } from "../config/help.ts";
import type { Effective } from "../config/settings.ts";
import { readSettings } from "../config/settings.ts";
import type { SettingsOf } from "../config/table.ts";
import { hasCode } from "../errors.ts";
import { type Check, type CheckResult, type Finding, failures, ok, runChecks } from "../inspect/check.ts";
import { directoryChecks, nodeFileSystem } from "../inspect/directory-checks.ts";
import { logChecks } from "../inspect/log-checks.ts";
import { type Machine, machineChecks, portCheck } from "../inspect/machine-checks.ts";
import { pipelineChecks } from "../inspect/pipeline-checks.ts";
import { processChecks } from "../inspect/process-checks.ts";
import { storeChecks } from "../inspect/store-checks.ts";
import { type Subject, subjectOf } from "../inspect/subject.ts";
import type { Command } from "./command.ts";
import { pipelineDirectory } from "./pipeline-option.ts";
import { printable } from "./table-text.ts";

export const doctor: Command = {
  name: "doctor",
  summary: "Check machine, settings, pipeline and data directory, and say what to do",
  usage: `
Usage: loanstream doctor [--json] [SETTING…]

Looks at everything that a run needs, whether one is under way or not, and changes nothing. Exits with 1 if a check
failed; a warning is none. With --broker kafka it asks the cluster instead of the embedded log: whether it answers where
it says that it is, lets the user in, has the pipeline's topics as pipeline.yaml has them, and lets the user read and
write them; then whether the newest events fit the schema, come in time, once and under their key, and are taken in.

  --json  print a JSON object a finding: check, outcome (ok, warning, failed), found, remedy

${settingLines("doctor")}
`,
  async run(args) {
    let hasFailed = false;
    const write = printer(args.includes("--json"));
    for await (const result of results(args)) {
      hasFailed ||= result.outcome === "failed";
      process.stdout.write(write(result));
    }
    return hasFailed ? 1 : 0;
  },
};

async function* results(args: readonly string[]): AsyncGenerator<CheckResult> {
  const read = readOrComplain(args);
  yield* runChecks(machineChecks, thisMachine());
  for (const finding of read.findings) yield { check: "settings", ...finding };
  const { settings } = read;
  if (settings === null) return;
  const subject = await subjectOf(settings, pipelineDirectory(settings.pipeline), Date.now());
  const checks = [
    ...pipelineChecks,
    ...directoryChecks(nodeFileSystem),
    ...processChecks,
    ...storeChecks,
    ...(await checksOf(settings.broker)),
    portCheck,
  ];
  yield* runChecks(checks, subject);
}

/** Of the log that there is; the Kafka client is loaded for Kafka alone. */
async function checksOf(broker: string): Promise<readonly Check<Subject>[]> {
  return broker === "kafka" ? (await import("../inspect/kafka-checks.ts")).kafkaChecks() : logChecks;
}

interface SettingsRead {
  /** Null where they can't be read. */
  readonly settings: SettingsOf<"doctor"> | null;
  readonly findings: readonly Finding[];
}

/** Throws only what is wrong with the command line. */
function readOrComplain(args: readonly string[]): SettingsRead {
  try {
    const { settings, effective, file } = readSettings("doctor", args, {
      options: { json: { type: "boolean" } },
    });
    return { settings, findings: [ok(givenText(effective, file))] };
  } catch (error) {
    if (hasCode(error, "usage.invalid")) throw error;
    return { settings: null, findings: failures(error) };
  }
}

function givenText(effective: readonly Effective[], file: string | null): string {
  const given = effective.filter(({ origin }) => origin.kind !== "default").length;
  return `${given} given, ${effective.length - given} by default; ${file ?? "no file"} is read`;
}

function thisMachine(): Machine {
  const { version, platform, arch } = process;
  return { nodeVersion: version, platform, architecture: arch };
}

const WIDTH = 14;

function printer(json: boolean): (result: CheckResult) => string {
  if (json) return (result) => `${JSON.stringify(result)}\n`;
  return ({ outcome, check, found, remedy }) => {
    const line = `${outcome.padEnd(7)}  ${check.padEnd(WIDTH)}  ${printable(found)}\n`;
    return remedy === null ? line : `${line}${" ".repeat(7 + 2 + WIDTH + 2)}${printable(remedy)}\n`;
  };
}
