/** What is asked of a group before its windows are worked out: never more than each relation above it asks. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { havingsOf } from "../../../src/engine/spark/stream/planned.ts";
import { allOf, atLeast, col, count, distinct, events, groupBy, is, project, where } from "../plans.ts";

const aggregation = groupBy(events, {
  ...{ sizeMs: 600_000, slideMs: 60_000, keys: { key: col(events, "key") } },
  aggregates: { events: count(), ids: distinct(col(events, "id")) },
});
const asked = atLeast(col(aggregation, "events"), 3);
const other = atLeast(col(aggregation, "events"), 5);
const having = (predicate: typeof asked) => project(where(aggregation, predicate, true), allOf(aggregation));

test("a table's HAVING is asked, once for the table and what stands above it", () => {
  const table = having(asked);
  const alert = where(table, is(col(table, "key"), col(table, "key")));
  assert.deepEqual(havingsOf(aggregation, [table, alert]), [asked]);
});

test("of several HAVINGs one has to hold", () => {
  assert.deepEqual(havingsOf(aggregation, [having(asked), having(other)]), [asked, other]);
});

test("nothing is asked where one of them asks nothing, or asks of the window", () => {
  assert.deepEqual(havingsOf(aggregation, [having(asked), project(aggregation, allOf(aggregation))]), []);
  const ofWindow = is(col(aggregation, "window_start"), col(aggregation, "window_end"));
  assert.deepEqual(havingsOf(aggregation, [having(ofWindow)]), []);
});
