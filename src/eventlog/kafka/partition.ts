/** One partition of a topic as an event log. */
import { rawIdentifierIn } from "../../contract/raw-identifiers.ts";
import type { RecordBatch } from "../../engine/batch.ts";
import { type ErrorCode, hasCode, type LoanstreamError } from "../../errors.ts";
import { pause } from "../../kafka/retry.ts";
import type { Append, EventLog } from "../event-log.ts";
import type { Bounds } from "../positions.ts";
import { openAside } from "./aside.ts";
import { closed, gone, met, rawIdentifier } from "./failures.ts";
import type { PartitionSource } from "./source.ts";
import { openTail, type Tail, tailTuning } from "./tail.ts";

export interface PartitionParts extends Omit<PartitionSource, "learn"> {
  readonly bounds: Bounds;
  /** Asks the broker. */
  readonly askBounds: () => Promise<Bounds>;
  /** Asks the broker: behind the last record, which others' open transactions may keep from being read. */
  readonly askEnd: () => Promise<number>;
  /** Paths that no record may carry. */
  readonly forbidden: readonly string[];
  /** Resolves with the position of the first, once all can be read. */
  readonly append: (batch: Append) => Promise<number>;
}

/** Why a topic is never read again. */
const OVER: readonly ErrorCode[] = ["kafka.topic-replaced", "kafka.topic-missing"];
/** Others' transactions are as short as ours; one that its process left open is decided in a minute or so. */
const SETTLED_WITHIN_MS = 5_000;
const PAUSE_MS = 20;
/** Beyond the time that a broker may take to answer where nothing new comes. */
const HEARD_WITHIN_MS = 1_500;

export interface KafkaPartition extends EventLog {
  /** The broker told of other bounds. */
  learn(bounds: Bounds): void;
  /** `kafka.topic-replaced` once the topic is another one; null while it isn't. */
  replaced(): LoanstreamError | null;
  /** It can't go on: who reads is told, whatever the broker does meanwhile. */
  fail(error: LoanstreamError): void;
}

export function openPartition(parts: PartitionParts): KafkaPartition {
  const find = rawIdentifierIn(parts.forbidden);
  const { maxWaitMs } = tailTuning(parts.settings);
  let { start, end: known } = parts.bounds;
  let tellMore = (): void => {};
  let isClosed = false;
  let heardMs = performance.now();
  let wasRead = false;
  /** Where the last read beside the tail ended. */
  let leftAt = -1;
  let closing: Promise<unknown> = Promise.resolve();

  function learn(bounds: Bounds): void {
    start = Math.max(start, bounds.start);
    if (bounds.end <= known) return;
    known = bounds.end;
    tellMore();
  }

  const source: PartitionSource = {
    ...parts,
    trouble: {
      began(trouble) {
        heardMs = Number.NEGATIVE_INFINITY;
        parts.trouble.began(trouble);
      },
      passed: parts.trouble.passed,
    },
    learn({ logStartOffset, lastStableOffset }) {
      heardMs = performance.now();
      parts.trouble.passed();
      learn({ start: logStartOffset, end: lastStableOffset });
    },
  };
  const aside = openAside(source);
  const tailAt = (position: number): Tail =>
    openTail(
      source,
      position,
      () => known,
      () => tellMore(),
    );
  let tail = tailAt(known);

  /** Counts one more after what doesn't pass, so that whoever reads meets it. */
  const end = (): number => (tail.failure === null ? known : Math.max(known, tail.reached) + 1);

  /** The tail goes to who begins to read, and to who reads on where a read beside it ended; one that failed to anybody. */
  function claim(position: number): void {
    const isFree = !wasRead || position === leftAt || tail.failure !== null;
    if (!tail.stands(position) && isFree) {
      closing = Promise.all([closing, tail.close()]);
      tail = tailAt(position);
    }
    wasRead = true;
  }

  /** Wherever it is read: what stood there stands nowhere now. */
  function refuseOver(): void {
    if (OVER.some((code) => hasCode(tail.failure, code))) throw tail.failure;
  }

  function refuseGone(position: number): void {
    if (position < start) throw gone(parts, position, start);
  }

  function refuseRaw(batch: RecordBatch): void {
    const found = find(batch);
    if (found !== null) throw rawIdentifier(parts, found.position, found.path);
  }

  async function* read(fromPosition: number): AsyncGenerator<RecordBatch> {
    if (isClosed) throw closed(parts);
    refuseOver();
    refuseGone(fromPosition);
    claim(fromPosition);
    let at = fromPosition;
    try {
      for (let batch = await tail.next(at); batch !== "end"; batch = await tail.next(at)) {
        if (batch === null) return yield* readAside(at);
        refuseRaw(batch);
        at = batch.basePosition + batch.count;
        yield batch;
        if (at >= end()) return;
      }
    } catch (error) {
      throw await met(error, parts, at, parts.askBounds);
    }
  }

  async function* readAside(from: number): AsyncGenerator<RecordBatch> {
    leftAt = from;
    for await (const batch of aside.read(from, () => known)) {
      refuseRaw(batch);
      leftAt = batch.basePosition + batch.count;
      yield batch;
    }
  }

  return {
    async append(batch) {
      if (isClosed) throw closed(parts);
      return parts.append(batch);
    },
    read,
    start: () => start,
    end,
    isCurrent: () => performance.now() - heardMs < maxWaitMs + HEARD_WITHIN_MS,
    async settled() {
      const last = await parts.askEnd();
      const deadline = performance.now() + SETTLED_WITHIN_MS;
      while (known < last && performance.now() < deadline) {
        if (isClosed) throw closed(parts);
        await parts.askBounds();
        if (known < last) await pause(PAUSE_MS);
      }
      return known >= last;
    },
    async release() {},
    onMore(listener) {
      tellMore = listener;
    },
    learn,
    fail: (error) => tail.fail(error),
    replaced: () => (hasCode(tail.failure, "kafka.topic-replaced") ? tail.failure : null),
    async close() {
      isClosed = true;
      await Promise.all([closing, tail.close(), aside.close()]);
    },
  };
}
