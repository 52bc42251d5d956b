/** At a start: how what is published stands to what is committed, and what is to be done about it. */
import { fail, type LoanstreamError } from "../../../errors.ts";
import { reaches } from "../../../eventlog/positions.ts";
import { type Outbox, sendOutbox, standingOf } from "../../../publish/outbox.ts";
import type { Published, Publisher } from "../../../publish/publisher.ts";
import type { IntakeParts } from "./intake.ts";
import type { Recovered } from "./recover.ts";

/** What was committed, tables among it that a changed pipeline has no more. */
export interface OpenOutbox extends Pick<Outbox, "pipeline" | "store"> {
  close(): void;
}

/**
 * Publishes what is committed and wasn't published when a process ended. Gives what is to be followed, where the store is
 * an older copy of the one whose commits were published. Throws `publish.apart`, and what publishing throws.
 *
 * @param openOutbox null where nothing is published
 */
export async function reconcile(
  parts: IntakeParts,
  recovered: Pick<Recovered, "triggered">,
  openOutbox: (() => OpenOutbox) | null,
): Promise<Published | null> {
  const { publisher, store } = parts;
  if (openOutbox === null) return null;
  const { published } = publisher;
  const { seq, positions, following } = store.progress();
  if (following && published !== null && reaches(published.positions, positions)) return published;
  const standing = standingOf(published, { seq, positions });
  if (standing === "apart") throw apart();
  if (standing === "behind") await publishRest(parts, publisher, recovered, openOutbox());
  return standing === "ahead" ? published : null;
}

async function publishRest(
  { store, log, logger }: IntakeParts,
  publisher: Publisher,
  { triggered }: Pick<Recovered, "triggered">,
  outbox: OpenOutbox,
): Promise<void> {
  const { seq, positions } = store.progress();
  try {
    const committed = { seq, positions, triggered };
    const sent = await sendOutbox(publisher, { ...outbox, committed, log: log.partitions });
    logger.info("published what was committed before", { ...sent });
  } finally {
    outbox.close();
  }
}

function apart(): LoanstreamError {
  const message = "the topics and the tables of this directory each hold what the other lacks";
  const remedy =
    'Start on the directory that published last, or empty all topics but the input by "loanstream topics recreate NAME… --broker kafka".';
  return fail("publish.apart", message, remedy);
}
