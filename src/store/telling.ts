/** A store that tells of the snapshots that it keeps. */
import type { Logger } from "../log.ts";
import type { Store } from "./store.ts";

export function tellingStore(store: Store, logger: Logger, nowMs: () => number): Store {
  return {
    ...store,
    commit(commit) {
      const beganMs = nowMs();
      store.commit(commit);
      const { position, snapshot } = commit;
      if (snapshot === null) return;
      logger.debug("snapshot kept", { position, bytes: snapshot.state.length, ms: nowMs() - beganMs });
    },
  };
}
