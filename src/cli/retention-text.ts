import type { TopicStatus } from "../topics/topics.ts";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** `7 days, 10.0 GB`, or `for good`. */
export function retentionText({
  retentionMs,
  retentionBytes,
}: Pick<TopicStatus, "retentionMs" | "retentionBytes">): string {
  if (retentionMs === null) return "for good";
  const days = retentionMs / DAY_MS;
  const time = Number.isInteger(days)
    ? `${days} days`
    : `${Math.round((retentionMs / HOUR_MS) * 10) / 10} hours`;
  return retentionBytes === null ? time : `${time}, ${(retentionBytes / 1e9).toFixed(1)} GB`;
}
