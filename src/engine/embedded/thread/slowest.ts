/** The greatest of what was measured lately. */
export interface Slowest {
  note(tookMs: number): void;
  /** Null where nothing was measured within that time. */
  most(): number | null;
}

export function slowestOver(overMs: number, nowMs: () => number): Slowest {
  let noted: { readonly atMs: number; readonly tookMs: number }[] = [];
  const lately = () => noted.filter(({ atMs }) => atMs > nowMs() - overMs);
  return {
    note(tookMs) {
      noted = [...lately(), { atMs: nowMs(), tookMs }];
    },
    most() {
      const some = lately().map(({ tookMs }) => tookMs);
      return some.length === 0 ? null : Math.max(...some);
    },
  };
}
