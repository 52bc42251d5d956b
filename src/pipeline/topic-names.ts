/** Names of the topics that no output names. */
import type { SourceSettings } from "./pipeline.ts";

export const ALERTS_TOPIC = "loan.alerts";

/** Which commits of which store are in the outputs; on Kafka alone. */
export const COMMITS_TOPIC = "loan.commits";

/** The events as they come, those that came too late, those that don't fit the schema, the alerts, and what was committed. */
export function ownTopics({ topic }: Pick<SourceSettings, "topic">) {
  return {
    input: topic,
    late: `${topic}.late`,
    dlq: `${topic}.dlq`,
    alerts: ALERTS_TOPIC,
    commits: COMMITS_TOPIC,
  };
}
