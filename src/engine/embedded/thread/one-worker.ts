/** Work that is never done twice at once. */
export interface OneWorker {
  /** Begins to work, unless it does already; resolves when there is no more to do, or the work failed. */
  wake(): Promise<void>;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
}

interface Work {
  readonly hasWork: () => boolean;
  readonly work: () => Promise<void>;
  /** There is no more work from then on. */
  readonly onFailure: (error: unknown) => void;
}

export function oneWorker({ hasWork, work, onFailure }: Work): OneWorker {
  let working: Promise<void> | null = null;

  async function all(): Promise<void> {
    while (hasWork()) await work();
  }

  function wake(): Promise<void> {
    working ??= all()
      .catch(onFailure)
      .finally(() => {
        working = null;
        if (hasWork()) void wake();
      });
    return working;
  }

  return {
    wake,
    async idle() {
      await working;
    },
  };
}
