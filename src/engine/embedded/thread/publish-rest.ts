/** At a start: what is committed, and isn't published since the process ended in between. */
import { fail, type LoanstreamError } from "../../../errors.ts";
import { type OutboxStore, sendOutbox, standingOf } from "../../../publish/outbox.ts";
import type { LoopParts } from "./loop.ts";
import type { Recovered } from "./recover.ts";

/** What was committed to the store. */
export type OpenOutbox = () => OutboxStore & { close(): void };

/** Throws `publish.apart`, and what publishing throws. */
export async function publishRest(
  { pipeline, log, store, publisher, outbox, logger }: LoopParts,
  { triggered }: Pick<Recovered, "triggered">,
): Promise<void> {
  if (outbox === null) return;
  const { seq, positions } = store.progress();
  const standing = standingOf(publisher.published, { seq, positions });
  if (standing === "apart") throw apart();
  if (standing !== "behind") return;
  const reader = outbox();
  try {
    const committed = { seq, positions, triggered };
    const sent = await sendOutbox(publisher, { pipeline, store: reader, committed, log: log.partitions });
    logger.info("published what was committed before", { ...sent });
  } finally {
    reader.close();
  }
}

function apart(): LoanstreamError {
  const message = "the topics and the tables of this directory each hold what the other lacks";
  const remedy =
    "Start on the directory that published last, or empty the topics with loanstream topics recreate.";
  return fail("publish.apart", message, remedy);
}
