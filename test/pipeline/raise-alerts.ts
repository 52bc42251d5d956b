/** Alerts as a run raises them: a trigger after each batch, all windows closed at the end. */
import assert from "node:assert/strict";
import { openSession } from "../../src/engine/embedded/open.ts";
import type { TableRows } from "../../src/engine/engine.ts";
import { alertReader, type RaisedAlert } from "../../src/output/alert.ts";
import type { Pipeline } from "../../src/pipeline/pipeline.ts";
import { batchOf, type LogRecord } from "../simulation/simulate.ts";

const BATCH = 500;

/** Every record must be accepted, or be the copy of one. */
export function raisedBy(pipeline: Pipeline, log: readonly LogRecord[]): RaisedAlert[] {
  const session = openSession(pipeline);
  const outputs: TableRows[] = [];
  for (let from = 0; from < log.length; from += BATCH) {
    outputs.push(...session.step(batchOf(log.slice(from, from + BATCH), from)).rows, ...session.trigger());
  }
  outputs.push(...session.finish());
  assert.equal(session.ledger().source.accepted, new Set(log.map(({ text }) => text)).size);
  return pipeline.alerts.flatMap((alert) => {
    const read = alertReader(alert, pipeline.currency);
    return outputs.filter(({ table }) => table === alert.rows.name).flatMap(({ rows }) => rows.map(read));
  });
}

/** Each alert with its message, for a failure to show. */
export const shown = (raised: readonly RaisedAlert[]): string[] =>
  raised.map(({ alert, message }) => `${alert}: ${message}`);
