import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { alertReader, raisedRow } from "../../src/output/alert.ts";
import { ALERTS } from "../../src/pipeline/alerts.ts";
import { loadPipeline } from "../../src/pipeline/load.ts";
import { type PublishedRecord, publicationRecords } from "../../src/publish/records.ts";
import { alertRecords, rowRecords } from "../../src/topics/row-record.ts";
import { someRow } from "./rows.ts";

const pipeline = loadPipeline("pipeline");
const recordsOf = publicationRecords(pipeline);
const none = { tables: [], late: [], dead: [] };

/** As text, to be compared. */
const shown = ({ topic, key, value, headers }: PublishedRecord) => ({
  topic,
  key: key === null ? null : Buffer.from(key).toString(),
  value: Buffer.from(value).toString(),
  headers: Object.fromEntries(headers.map((header) => [header.key, Buffer.from(header.value).toString()])),
});

test("a row of any table is the record that consume shows of it", () => {
  for (const table of pipeline.tables) {
    const row = someRow(table, 7);
    const { topic, key, value, headers } = rowRecords(table.topic, table)({ seq: 1, row });
    assert.deepEqual([...recordsOf({ ...none, tables: [{ table: table.name, rows: [row] }] })].map(shown), [
      { topic, key, value: Buffer.from(value).toString(), headers },
    ]);
    assert.equal(headers.output, table.name);
  }
});

test("an alert is the same record from the engine's row as from the store's", () => {
  for (const alert of pipeline.alerts) {
    const row = someRow(alert.rows, 7);
    const stored = [...raisedRow(alertReader(alert, pipeline.currency)(row)), 11];
    const { topic, key, value } = alertRecords("loan.alerts")({ seq: 1, row: stored });
    const expected = { topic, key, value: Buffer.from(value).toString(), headers: { output: ALERTS } };
    const fromEngine = recordsOf({ ...none, tables: [{ table: alert.rows.name, rows: [row] }] });
    assert.deepEqual([...fromEngine].map(shown), [expected]);
    const fromStore = recordsOf({ ...none, tables: [{ table: ALERTS, rows: [stored] }] });
    assert.deepEqual([...fromStore].map(shown), [expected]);
  }
});

test("late and dead records go as they came, with the application's key and why they are dead", () => {
  const record = Buffer.from('{"application_id":"a-1", "x":1}');
  const place = { partition: 2, position: 17 };
  const why = { path: "$.x", reason: "is no text" };
  const late = [{ ...place, record }];
  const dead = [
    { ...place, ...why, record },
    { partition: 1, position: 3, ...why, record: Buffer.from("{") },
  ];
  const { topic } = pipeline.source;
  const headers = (partition: string, offset: string) => ({
    "__streams.errors.message": "$.x: is no text",
    "__streams.errors.topic": topic,
    "__streams.errors.partition": partition,
    "__streams.errors.offset": offset,
  });
  const value = record.toString();
  assert.deepEqual([...recordsOf({ ...none, late, dead })].map(shown), [
    { topic: `${topic}.late`, key: "a-1", value, headers: {} },
    { topic: `${topic}.dlq`, key: "a-1", value, headers: headers("2", "17") },
    { topic: `${topic}.dlq`, key: null, value: "{", headers: headers("1", "3") },
  ]);
  assert.deepEqual(
    [...recordsOf({ ...none, late, dead })].map(({ from }) => from),
    [2, 2, 1],
  );
});
