/** What topics must hold to, wherever they are kept. An implementation's own test calls this with a way to fill them. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import { embeddedEngine } from "../../src/engine/embedded/engine.ts";
import type { Analysis } from "../../src/engine/engine.ts";
import type { GeneratedEvent } from "../../src/generator/generator.ts";
import { alertReader, alertToJson } from "../../src/output/alert.ts";
import { rowWriter } from "../../src/output/json.ts";
import { messageKeyWriter } from "../../src/output/key.ts";
import { type Topic, topicNamed } from "../../src/topics/topic-list.ts";
import type { Start, TopicRecord, Topics } from "../../src/topics/topics.ts";
import { batchOf } from "../contract/batches.ts";
import { events, pipeline } from "../topics/data.ts";

/** A place where topics are kept, of which at first nothing is there. */
export interface TopicsPlace {
  open(): Topics;
  /** Resolves once all that comes of the events is there. */
  fill(events: readonly GeneratedEvent[]): Promise<void>;
  /** How long the records of a topic are kept; null: for good. */
  keptMs(topic: Topic): number | null;
}

const EVENTS = 2500;

export async function recordsOf(
  topics: Topics,
  topic: Topic,
  from: Start,
  limit = 700,
): Promise<TopicRecord[]> {
  const cursor = await topics.open(topic, from);
  const found: TopicRecord[] = [];
  for (;;) {
    const records = await cursor.next(limit);
    assert.ok(records.length <= limit);
    if (records.length === 0) return found;
    found.push(...records);
  }
}

const textOf = ({ value }: TopicRecord) => Buffer.from(value).toString();
const lastByKey = (records: readonly TopicRecord[]) =>
  new Map(records.map((record) => [record.key, textOf(record)]));

/** The same events through the engine at once. */
async function analysisOf(some: readonly GeneratedEvent[]): Promise<Analysis> {
  const batch = batchOf(some.map(({ json }) => `${json}\n`));
  const ingestTimesMs = Float64Array.from(some, ({ arrivalMs }) => arrivalMs);
  return embeddedEngine.analyze(
    pipeline,
    (async function* () {
      yield { ...batch, ingestTimesMs };
    })(),
  );
}

export function describeTopics(name: string, newPlace: () => TopicsPlace): void {
  describe(`topics: ${name}`, () => {
    const all = events(EVENTS);
    const texts = all.map(({ json }) => json);
    const place = newPlace();
    const filled = (async () => {
      const early = place.open();
      const waiting = await Promise.all(early.list.map((topic) => early.open(topic, "end")));
      const before = await Promise.all(waiting.map((cursor) => cursor.next(10)));
      const status = await Promise.all(early.list.map(early.status));
      await place.fill(all);
      const after = await Promise.all(waiting.map((cursor) => cursor.next(10)));
      await early.close();
      return { topics: place.open(), before, status, after, analysis: await analysisOf(all) };
    })();
    const named = async (topic: string) => {
      const { topics, analysis } = await filled;
      return { topics, analysis, topic: topicNamed(topics.list, topic) };
    };

    it("have nothing before anything is there, and then all of it, also for those who waited", async () => {
      const { topics, before, status, after } = await filled;
      assert.deepEqual(before.flat(), []);
      assert.ok(status.every(({ records, oldestMs }) => records === 0 && oldestMs === null));
      for (const [i, topic] of topics.list.entries())
        assert.deepEqual(after[i], (await recordsOf(topics, topic, "beginning")).slice(0, 10), topic.name);
    });

    it("hold the events as they came, in order, under their key, with when they came", async () => {
      const { topics, topic } = await named("loan.applications");
      const records = await recordsOf(topics, topic, "beginning");
      assert.deepEqual(records.map(textOf), texts);
      assert.deepEqual(
        records.map(({ timeMs }) => timeMs),
        all.map(({ arrivalMs }) => arrivalMs),
      );
      const good = records.filter((_, i) => all[i]?.bad === undefined);
      assert.ok(good.length > EVENTS / 2);
      for (const record of good)
        assert.ok(textOf(record).includes(`"application_id":"${record.key}"`), record.key ?? "no key");
    });

    it("hold the rows of each table by their key, as the engine makes them", async () => {
      const { topics, analysis } = await filled;
      for (const topic of topics.list.filter(({ kind }) => kind === "output")) {
        const records = await recordsOf(topics, topic, "beginning");
        assert.ok(records.every((record) => record.topic === topic.name));
        for (const table of topic.tables.filter(({ emit }) => emit !== "final")) {
          const rows = analysis.tables.find((found) => found.table === table.name)?.rows ?? [];
          const [key, value] = [messageKeyWriter(table), rowWriter(table.relation.columns)];
          const its = records.filter(({ headers }) => headers.output === table.name);
          const expected = new Map(rows.map((row) => [key(row), value(row)]));
          assert.deepEqual(new Map([...lastByKey(its)].sort()), new Map([...expected].sort()), table.name);
        }
      }
    });

    it("hold each alert once", async () => {
      const { topics, topic, analysis } = await named("loan.alerts");
      const records = await recordsOf(topics, topic, "beginning");
      const ids = records.map((record) => JSON.parse(textOf(record)).alert_id);
      assert.equal(new Set(ids).size, ids.length);
      const expected = pipeline.alerts.flatMap((alert) => {
        if (alert.rows.emit === "final") return [];
        const rows = analysis.alerts.find(({ table }) => table === alert.rows.name)?.rows ?? [];
        return rows.map(
          (row) => JSON.parse(alertToJson(alertReader(alert, pipeline.currency)(row))).alert_id,
        );
      });
      const known = new Set(ids);
      assert.deepEqual(
        expected.filter((id) => !known.has(id)),
        [],
      );
    });

    it("hold late and dead events as they came, the dead with path and reason, and no value beside", async () => {
      const { topics, topic: dlq, analysis } = await named("loan.applications.dlq");
      const dead = await recordsOf(topics, dlq, "beginning", 70);
      assert.ok(dead.length > 20);
      assert.deepEqual(
        dead.map((record) => [textOf(record), record.headers["__streams.errors.message"]]),
        analysis.dead.map(({ position, path, reason }) => [texts[position], `${path}: ${reason}`]),
      );
      assert.deepEqual(
        dead.map(({ headers }) => headers["__streams.errors.offset"]),
        analysis.dead.map(({ position }) => String(position)),
      );
      const { topic: late } = await named("loan.applications.late");
      assert.deepEqual(
        (await recordsOf(topics, late, "beginning")).map(textOf),
        analysis.late.map(({ position }) => texts[position]),
      );
    });

    it("are read from any position on, and from the end nothing", async () => {
      const { topics } = await filled;
      for (const topic of topics.list) {
        const records = await recordsOf(topics, topic, "beginning");
        const middle = records[records.length >> 1];
        assert.deepEqual(await recordsOf(topics, topic, "end"), []);
        if (middle === undefined) continue;
        const rest = records.filter(({ position }) => position >= middle.position);
        assert.deepEqual(await recordsOf(topics, topic, middle.position, 90), rest, topic.name);
      }
    });

    it("tell how many records they hold, of when, and how long they are kept", async () => {
      const { topics } = await filled;
      for (const topic of topics.list) {
        const records = await recordsOf(topics, topic, "beginning");
        const { oldestMs, newestMs, retentionMs, ...status } = await topics.status(topic);
        assert.equal(status.records, records.length, topic.name);
        assert.equal(oldestMs, records[0]?.timeMs ?? null);
        assert.equal(newestMs, records.at(-1)?.timeMs ?? null);
        assert.equal(retentionMs, place.keptMs(topic));
      }
      await topics.close();
    });
  });
}
