/** The record that tells which commits are in the outputs, as it stands in the topic of commits. Pure. */
import { Buffer } from "node:buffer";
import { fail, type LoanstreamError } from "../errors.ts";
import type { Positions } from "../eventlog/positions.ts";
import { COMMITS_TOPIC } from "../pipeline/topic-names.ts";
import type { Published, TriggerPoint } from "./publisher.ts";

export interface Marker extends Published {
  /** A UUID of the opening that wrote it. */
  readonly instance: string;
}

export function writeMarker({ storeId, seq, positions, triggered, instance }: Marker): Buffer {
  return Buffer.from(JSON.stringify({ store_id: storeId, seq, positions, triggered, instance }));
}

/** Throws `publish.unknown-outputs` where it is none. */
export function readMarker(value: Uint8Array): Marker {
  const given = parsed(Buffer.from(value).toString());
  const { store_id: storeId, seq, positions, triggered, instance } = given;
  if (typeof storeId !== "string" || typeof instance !== "string" || !isWhole(seq)) throw noMarker();
  return {
    storeId,
    seq,
    positions: wholes(positions),
    triggered: triggered === null ? null : triggerPoint(triggered),
    instance,
  };
}

/** Whether anything of a store's was published: who takes over leaves its marker before that. */
export const tells = ({ seq, positions }: Pick<Published, "seq" | "positions">): boolean =>
  seq > 0 || positions.some((position) => position > 0);

function triggerPoint(given: unknown): TriggerPoint {
  const { positions, unread } = objectOf(given);
  return { positions: wholes(positions), unread: wholes(unread) };
}

function wholes(given: unknown): Positions {
  if (Array.isArray(given) && given.every(isWhole)) return given;
  throw noMarker();
}

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    return objectOf(JSON.parse(text));
  } catch {
    throw noMarker();
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) throw noMarker();
  return Object.fromEntries(Object.entries(value));
}

function noMarker(): LoanstreamError {
  const message = "the newest record of this application is none that loanstream wrote";
  return fail("publish.unknown-outputs", message, REMEDY, { topic: COMMITS_TOPIC });
}

const REMEDY = "Set another kafka.application.id, or empty the topics with loanstream topics recreate.";
