/** Where the store is all that is to know of commits. */
import type { Publisher } from "./publisher.ts";

export const publishesNothing: Publisher = {
  published: null,
  begin: async () => {},
  publish: async () => {},
  close: async () => {},
};
