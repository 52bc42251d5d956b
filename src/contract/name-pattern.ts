/**
 * A regular expression for one of many names, as a tree over their letters: it is tried at every quote of a record,
 * and one alternative after the other would be ten times as slow.
 */
export function namePattern(names: readonly string[]): string {
  return subtree([...new Set(names)].sort(), 0);
}

/** Of sorted, distinct names that are equal up to `at`. */
function subtree(names: readonly string[], at: number): string {
  const [first = ""] = names;
  if (names.length === 1) return first.slice(at);
  const shared = sharedLength(first, names.at(-1) ?? first);
  if (shared > at) return first.slice(at, shared) + subtree(names, shared);
  if (first.length === at) return `(?:${subtree(names.slice(1), at)})?`;
  const [low, high] = halves(names, at);
  if (high.length === 0) return subtree(low, at);
  return `(?:${guarded(low, at)}|${subtree(high, at)})`;
}

/** Sorted names that are equal in their first and last are equal in all. */
function sharedLength(first: string, last: string): number {
  let length = 0;
  while (length < first.length && first[length] === last[length]) length++;
  return length;
}

/** Split where the letter at `at` changes, as near the middle as can be. */
function halves(names: readonly string[], at: number): [string[], string[]] {
  const changes = names.flatMap((name, index) =>
    index > 0 && name[at] !== names[index - 1]?.[at] ? [index] : [],
  );
  const middle = names.length / 2;
  const [nearest = names.length] = changes.sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle));
  return [names.slice(0, nearest), names.slice(nearest)];
}

/** Leaves the first half after one look at the next letter, where it has several. */
function guarded(names: readonly string[], at: number): string {
  const letters = new Set(names.map((name) => name[at]));
  return letters.size > 1 ? `(?=[${[...letters].join("")}])${subtree(names, at)}` : subtree(names, at);
}
