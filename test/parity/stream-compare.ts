/** Two engines' messages, as docs/parity.md promises them equal. */
import assert from "node:assert/strict";
import type { Pipeline } from "../../src/pipeline/pipeline.ts";
import type { Sent } from "./stream-runs.ts";
import { difference } from "./tables-compare.ts";

/** The value with its numbers as JavaScript writes them, columns in their order. */
const text = ({ topic, key, value, headers }: Sent): string =>
  JSON.stringify([topic, key, isDead(headers) ? value : JSON.parse(value), Object.entries(without(headers))]);

const isDead = (headers: Sent["headers"]) => "__streams.errors.topic" in headers;
/** Why a record is dead, Spark can't say. */
const without = ({ "__streams.errors.message": _, ...headers }: Sent["headers"]) => headers;

export const outputOf = ({ headers }: Sent) => headers.output ?? "dead letters";

export const alertsOf = (sent: readonly Sent[]): readonly string[] =>
  sent.filter((message) => outputOf(message) === "alerts").map(({ value }) => JSON.parse(value).alert);

/** As they are compared: rows as a set, groups that change by their last value, alerts by their keys. */
function told(pipeline: Pipeline, sent: readonly Sent[]): ReadonlyMap<string, readonly string[]> {
  const outputs = Map.groupBy(sent, outputOf);
  const emitOf = (output: string) => pipeline.tables.find(({ name }) => name === output)?.emit;
  return new Map(
    [...outputs].map(([output, messages]) => {
      if (output === "alerts") return [output, [...new Set(messages.map(({ key }) => String(key)))]];
      const last = new Map(messages.map((message) => [message.key, message]));
      return [output, (emitOf(output) === "update" ? [...last.values()] : messages).map(text)];
    }),
  );
}

export function assertEqualSent(pipeline: Pipeline, embedded: readonly Sent[], spark: readonly Sent[]): void {
  const [ours, theirs] = [told(pipeline, embedded), told(pipeline, spark)];
  const outputs = [...new Set([...ours.keys(), ...theirs.keys()])];
  const found = outputs.flatMap((output) =>
    difference(output, ours.get(output) ?? [], theirs.get(output) ?? []),
  );
  const shown = found.map((each) => ({
    ...each,
    embedded: [each.embedded.length, ...each.embedded.slice(0, 2)],
    spark: [each.spark.length, ...each.spark.slice(0, 2)],
  }));
  assert.deepEqual(shown, []);
}

/** Of messages that are alike in all but their place the last one. */
export function withoutRepeats(sent: readonly Sent[]): readonly Sent[] {
  const last = new Map<string, Sent>();
  for (const message of sent) {
    const form = JSON.stringify(message);
    last.delete(form);
    last.set(form, message);
  }
  return [...last.values()];
}
