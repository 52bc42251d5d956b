/** Names of the topics that no output names. */
import type { SourceSettings } from "./pipeline.ts";

export const ALERTS_TOPIC = "loan.alerts";

/** The events as they come, those that came too late, those that don't fit the schema, and the alerts. */
export function ownTopics({ topic }: Pick<SourceSettings, "topic">) {
  return { input: topic, late: `${topic}.late`, dlq: `${topic}.dlq`, alerts: ALERTS_TOPIC };
}
