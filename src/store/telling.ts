/** A store that tells of the snapshots that it keeps. */
import { total } from "../eventlog/positions.ts";
import type { Logger } from "../log.ts";
import type { Store } from "./store.ts";

export function tellingStore(store: Store, logger: Logger, nowMs: () => number): Store {
  return {
    ...store,
    commit(commit) {
      const beganMs = nowMs();
      const written = store.commit(commit);
      const { positions, snapshot } = commit;
      if (snapshot !== null)
        logger.debug("snapshot kept", {
          position: total(positions),
          bytes: snapshot.state.length,
          ms: nowMs() - beganMs,
        });
      return written;
    },
  };
}
