/** Follows a store's changes as a page or a sink does, from one life of its writer to the next. */

import assert from "node:assert/strict";
import { total } from "../../src/eventlog/positions.ts";
import { ALERTS } from "../../src/pipeline/alerts.ts";
import type { Pipeline, Table } from "../../src/pipeline/pipeline.ts";
import type { Change } from "../../src/store/changes.ts";
import { openStoreReader } from "../../src/store/sqlite-reader.ts";
import { asText } from "./outcome.ts";

export interface Follower {
  /**
   * Takes in what was committed since: each change has a number of its own, greater than any before, and a final row
   * leaves once.
   */
  follow(): void;
  /** The rows as they were last seen, in the form of `Outcome.tables`; what was put out twice is there twice. */
  tables(): ReadonlyMap<string, readonly string[]>;
}

export function createFollower(directory: string, pipeline: Pipeline): Follower {
  const names = [...pipeline.tables.map(({ name }) => name), ALERTS];
  const appended = new Map<string, string[]>();
  const byKey = new Map<string, Map<string, string>>();
  const keyed = new Map(
    pipeline.tables.filter(({ emit }) => emit !== "append").map((table) => [table.name, table]),
  );
  let lastSeq = 0;
  let position = 0;

  function take({ seq, table, row }: Change): void {
    assert.ok(seq > lastSeq, `${table}: ${seq} came after ${lastSeq}`);
    lastSeq = seq;
    const window = keyed.get(table);
    if (window === undefined) {
      appended.set(table, [...(appended.get(table) ?? []), asText(row)]);
      return;
    }
    const rows = byKey.get(table) ?? new Map<string, string>();
    const key = keyOf(window, row);
    assert.ok(window.emit !== "final" || !rows.has(key), `${table}: a final row left twice`);
    byKey.set(table, rows.set(key, asText(row)));
  }

  return {
    follow() {
      const reader = openStoreReader(directory, pipeline);
      try {
        for (const change of reader.changes(names, lastSeq, Number.MAX_SAFE_INTEGER)) take(change);
        const progress = reader.progress();
        assert.ok(
          progress.seq >= lastSeq && total(progress.positions) >= position,
          "what was committed is gone",
        );
        position = total(progress.positions);
      } finally {
        reader.close();
      }
    },
    tables: () =>
      new Map(
        pipeline.tables.map(({ name }) => [
          name,
          appended.get(name) ?? [...(byKey.get(name)?.values() ?? [])].sort(),
        ]),
      ),
  };
}

function keyOf({ key, relation }: Table, row: Change["row"]): string {
  return asText(key.map((name) => row[relation.columns.findIndex((column) => column.name === name)] ?? null));
}
