/** What can go wrong with a log on Kafka. */
import { fail, hasCode, type LoanstreamError } from "../../errors.ts";
import type { Bounds } from "../positions.ts";

export interface PlaceInTopic {
  readonly topic: string;
  readonly partition: number;
}

export function gone({ topic, partition }: PlaceInTopic, position: number, oldest: number): LoanstreamError {
  const message = `position ${position} is no longer kept, the oldest is ${oldest}: the topic's retention deleted records before they were taken in`;
  const remedy =
    "Raise topics.input.retention in pipeline.yaml, and let loanstream topics create set it; what was deleted is lost here: " +
    "start with an empty data directory, which begins at the oldest record kept.";
  return fail("log.position-gone", message, remedy, { topic, partition });
}

/** Kafka lost records that were read here already. */
export function beyondEnd(
  { topic, partition }: PlaceInTopic,
  position: number,
  end: number,
): LoanstreamError {
  const message = `position ${position} lies behind the partition's end ${end}: the cluster lost records that were taken in here`;
  const remedy =
    "Look whether an unclean leader election or a restored disk cut the topic off; start with an empty data directory to follow what it holds now.";
  return fail("kafka.offset-out-of-range", message, remedy, { topic, partition });
}

export function closed({ topic, partition }: PlaceInTopic): LoanstreamError {
  return fail("log.failed", "the log is closed", "Open it again.", { topic, partition });
}

export function rawIdentifier(
  { topic, partition }: PlaceInTopic,
  position: number,
  path: string,
): LoanstreamError {
  const message = `the record at position ${position} carries ${path} ${AS_IT_IS}`;
  const remedy =
    `Declare ${path} in schema.yaml with x-pii: drop and start again, which takes the record in without it; ` +
    "let its sender put a token in its place before it enters Kafka.";
  return fail("kafka.raw-identifier", message, remedy, { topic, partition });
}

/** Of what was to be appended. */
export function rawIdentifierGiven({ topic, partition }: PlaceInTopic, path: string): LoanstreamError {
  const message = `a record to append carries ${path} ${AS_IT_IS}: nothing was appended`;
  const remedy = `Put the token in its place, or declare ${path} in schema.yaml with x-pii: drop.`;
  return fail("kafka.raw-identifier", message, remedy, { topic, partition });
}

const AS_IT_IS = "as it is, where the schema has only its token";

/** What was met when a position was read, as a log tells it. */
export async function met(
  error: unknown,
  place: PlaceInTopic,
  position: number,
  askBounds: () => Promise<Bounds>,
): Promise<unknown> {
  if (!hasCode(error, "kafka.offset-out-of-range")) return error;
  const { start, end } = await askBounds();
  return position < start ? gone(place, position, start) : beyondEnd(place, position, end);
}
