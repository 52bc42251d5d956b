/** How a user has tables computed anew, by the log that they were computed from. */
import { EMBEDDED } from "../eventlog/one-partition.ts";

/** Whether the log is that of a data directory, which all that was computed can be computed from again beside the rest. */
export const isEmbedded = (log: string | null): boolean => log === null || log === EMBEDDED;

/** Goes on behind an "or": of all tables, from what the topic keeps. */
export const ANEW_FROM_TOPIC =
  'name another --data-dir and empty all topics but the input by "loanstream topics recreate NAME… --broker kafka": the next start takes in anew what the input keeps';
