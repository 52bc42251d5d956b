/** Times: milliseconds since the epoch, UTC. */
import type { Expr } from "../plan.ts";
import { type TimeUnit, truncateTime } from "../runtime.ts";
import { BIGINT, TIMES, TIMESTAMP } from "../types.ts";
import type { ScalarFunction, Signature } from "./function.ts";
import { rangeOf, refuse, wrongCount, wrongTypes } from "./signature.ts";

const UNITS: readonly TimeUnit[] = ["SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR"];

function unitOf(expression: Expr | undefined): TimeUnit | null {
  if (expression?.kind !== "literal" || typeof expression.value !== "string") return null;
  const name = expression.value.toUpperCase();
  return UNITS.find((unit) => unit === name) ?? null;
}

function resolveTruncate(args: readonly Expr[]): Signature {
  const [name, time] = args;
  const unit = unitOf(name);
  if (!time || args.length !== 2) return wrongCount("date_trunc", "date_trunc('HOUR', t)");
  if (unit === null)
    return refuse("literal", "date_trunc takes a literal unit", `Write one of ${UNITS.join(", ")}`);
  if (time.type.kind !== "timestamp") return wrongTypes("date_trunc", args, "Give it a TIMESTAMP");
  const { low, high } = rangeOf(time);
  const range = { low: truncateTime(low, unit), high };
  return { type: TIMESTAMP, range, nullable: time.nullable, args };
}

function resolveToMillis(args: readonly Expr[]): Signature {
  const [time] = args;
  if (!time || args.length !== 1) return wrongCount("unix_millis", "unix_millis(t)");
  if (time.type.kind !== "timestamp") return wrongTypes("unix_millis", args, "Give it a TIMESTAMP");
  return { type: BIGINT, range: rangeOf(time), nullable: time.nullable, args };
}

function resolveFromMillis(args: readonly Expr[]): Signature {
  const [ms] = args;
  if (!ms || args.length !== 1) return wrongCount("timestamp_millis", "timestamp_millis(n)");
  if (ms.type.kind !== "bigint")
    return wrongTypes("timestamp_millis", args, "Give it a BIGINT of milliseconds");
  const range = rangeOf(ms);
  if (range.low < TIMES.low || range.high > TIMES.high)
    return refuse(
      "range",
      "the time can leave the years 1 to 9999",
      "Clamp the milliseconds with least/greatest",
    );
  return { type: TIMESTAMP, range, nullable: ms.nullable, args };
}

export const timeFunctions: readonly ScalarFunction[] = [
  {
    name: "date_trunc",
    carries: "value",
    resolve: resolveTruncate,
    embedded: {
      kind: "value",
      code: (operands, call) => `rt.truncateTime(${operands.value(1)}, "${unitOf(call.args[0])}")`,
    },
    spark: ([unit, time]) => `date_trunc(${unit}, ${time})`,
  },
  {
    name: "unix_millis",
    carries: "value",
    resolve: resolveToMillis,
    embedded: { kind: "value", code: (operands) => operands.value(0) },
    spark: ([time]) => `unix_millis(${time})`,
  },
  {
    name: "timestamp_millis",
    carries: "value",
    resolve: resolveFromMillis,
    embedded: { kind: "value", code: (operands) => operands.value(0) },
    spark: ([ms]) => `timestamp_millis(${ms})`,
  },
];
