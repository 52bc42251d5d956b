/** Where the store is all that is to know of commits. */
import type { Mark, Publisher } from "./publisher.ts";

/** Before the first commit. */
export const NOTHING: Mark = { seq: 0, positions: [], triggered: null };

export const publishesNothing: Publisher = {
  published: null,
  begin: async () => {},
  publish: async () => {},
  look: async () => {},
  close: async () => {},
};
