/** Lists brought together by the time of their items, each in its own order. */

/** As it comes off who reads several partitions at once and always takes the one whose next record came first. */
export function mergeByTime<Item>(
  lists: readonly (readonly Item[])[],
  timeMs: (item: Item) => number,
): readonly Item[] {
  return lists.reduce((a, b) => mergeTwo(a, b, timeMs), []);
}

function mergeTwo<Item>(
  a: readonly Item[],
  b: readonly Item[],
  timeMs: (item: Item) => number,
): readonly Item[] {
  const all: Item[] = [];
  let taken = 0;
  for (const one of a) {
    while (taken < b.length && timeMs(b[taken]!) < timeMs(one)) all.push(b[taken++]!);
    all.push(one);
  }
  return [...all, ...b.slice(taken)];
}
