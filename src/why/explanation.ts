/** All that is known of one application: its events, what came of them, and why. */
import { type Json, type MaskedRecord, recordMask } from "../contract/mask.ts";
import type { EventSchema } from "../contract/schema.ts";
import type { Engine } from "../engine/engine.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import type { DataReader } from "../topics/data-reader.ts";
import { textReader } from "../topics/event-record.ts";
import { type CardPoints, cardPoints } from "./card-points.ts";
import { type FoundEvent, findEvents } from "./find-events.ts";
import { forgottenIds } from "./forgotten-ids.ts";
import { type Mentions, mentionsOf } from "./mentions.ts";
import { type Verdict, verdictsOf } from "./verdicts.ts";

export interface ExplainedEvent {
  readonly partition: number;
  readonly position: number;
  /** The event's time; of one that has none, when the log took it in. */
  readonly timeMs: number | null;
  /** The value of the field that tells events apart in the schema; null where there is none. */
  readonly kind: string | null;
  readonly verdict: Verdict;
  readonly masked: MaskedRecord;
}

export interface Explanation extends Mentions {
  readonly id: string;
  /** By time. */
  readonly events: readonly ExplainedEvent[];
  /** Of the first accepted event that cards apply to. */
  readonly cards: readonly CardPoints[];
}

/**
 * Null where neither log nor tables know it.
 *
 * @param key the path of the field that names an application
 */
export async function explain(
  id: string,
  key: string,
  { pipeline, data, engine }: { pipeline: Pipeline; data: DataReader; engine: Engine },
): Promise<Explanation | null> {
  const [partitions, store] = [await data.partitions(), data.store()];
  if (partitions.length === 0 || store === null) return null;
  const found = await findEvents(partitions, key, id);
  const idOf = textReader(pipeline.source.eventId);
  const verdicts = await verdictsOf(found, store, idOf, forgottenIds(pipeline, partitions));
  const mentions = mentionsOf(pipeline, id, store);
  if (found.length === 0 && mentions.rows.length === 0 && mentions.groups.length === 0) return null;
  const accepted = found.filter((_, i) => verdicts[i]?.kind === "accepted");
  return {
    id,
    events: explained(found, verdicts, pipeline),
    cards: await firstCards(accepted, pipeline, engine),
    ...mentions,
  };
}

function explained(
  found: readonly FoundEvent[],
  verdicts: readonly Verdict[],
  { schema, source }: Pipeline,
): readonly ExplainedEvent[] {
  const mask = recordMask(schema);
  const kindOf = valueIn(kindPath(schema));
  const timeOf = textReader(source.eventTime);
  const events = found.flatMap(({ partition, position, ingestMs, record }, i) => {
    const verdict = verdicts[i];
    if (!verdict) return [];
    const timeMs = timeIn(timeOf(record)) ?? ingestMs;
    const masked = mask(record);
    return [{ partition, position, timeMs, kind: kindOf(masked), verdict, masked }];
  });
  return events.toSorted((a, b) => (a.timeMs ?? 0) - (b.timeMs ?? 0));
}

function timeIn(text: string | null): number | null {
  const ms = text === null ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}

/** The field by whose value the schema requires others. */
function kindPath({ requirements }: EventSchema): string | null {
  return requirements.find(({ when }) => when !== null)?.when?.path ?? null;
}

/** Reads a text of masked records, where what doesn't fit the schema is hidden. */
function valueIn(path: string | null): (record: MaskedRecord) => string | null {
  return (record) => {
    let value: Json = record;
    for (const name of path?.split(".") ?? []) value = fieldOf(value, name);
    return path !== null && typeof value === "string" && typeof record !== "string" ? value : null;
  };
}

function fieldOf(value: Json, name: string): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  return Object.entries(value).find(([field]) => field === name)?.[1] ?? null;
}

async function firstCards(
  accepted: readonly FoundEvent[],
  pipeline: Pipeline,
  engine: Engine,
): Promise<readonly CardPoints[]> {
  for (const { record } of accepted) {
    const cards = await cardPoints(engine, pipeline, record);
    if (cards.length > 0) return cards;
  }
  return [];
}
