/** A store that tells of the snapshots that it keeps. */
import { total } from "../eventlog/positions.ts";
import type { Logger } from "../log.ts";
import type { Store } from "./store.ts";

export function tellingStore(store: Store, logger: Logger, nowMs: () => number): Store {
  return {
    ...store,
    keepSnapshot(state) {
      const beganMs = nowMs();
      store.keepSnapshot(state);
      const [position, bytes] = [total(state.positions), state.packed.length];
      logger.debug("snapshot kept", { position, bytes, ms: nowMs() - beganMs });
    },
  };
}
