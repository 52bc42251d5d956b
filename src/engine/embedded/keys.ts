/**
 * Group keys: every distinct list of key values has a small number, a group. Tables over the same keys share a
 * dictionary, so that a key is looked up once a row for all of them.
 */

/** As held in JavaScript (see `sql/types.ts`): null is NaN in numbers and null elsewhere. */
export type KeyValue = string | number | boolean | null;

interface Branch extends Map<KeyValue, Branch | number> {}

export interface KeyDictionary {
  /** Places of the keys in the order they are looked up by: those of few values first. */
  readonly order: readonly number[];
  readonly root: Branch;
  /** `values[key][group]` */
  readonly values: KeyValue[][];
  /** Panes, of all tables, that hold the group; a group in none is free. */
  readonly references: number[];
  readonly free: number[];
}

export function createKeyDictionary(order: readonly number[]): KeyDictionary {
  return { order, root: new Map(), values: order.map(() => []), references: [], free: [] };
}

/** Text of a function that finds a group by its key values, or adds it. `K` is the dictionary's name. */
export function findCode(name: string, K: string, order: readonly number[]): string {
  const parameters = order.map((_, key) => `k${key}`).join(", ");
  const last = order.at(-1);
  const descend = order.slice(0, -1).map(
    (key, level) => `let m${level + 1} = m${level}.get(k${key});
  if (m${level + 1} === undefined) m${level}.set(k${key}, m${level + 1} = new Map());`,
  );
  const leaf = last === undefined ? "null" : `k${last}`;
  const map = `m${descend.length}`;
  return `function ${name}(${parameters}) {
  const m0 = ${K}.root;
  ${descend.join("\n  ")}
  const group = ${map}.get(${leaf});
  return group === undefined ? addGroup(${K}, ${map}, ${leaf}, [${parameters}]) : group;
}`;
}

/** Called by generated code. */
export function addGroup(
  keys: KeyDictionary,
  leaf: Branch,
  last: KeyValue,
  values: readonly KeyValue[],
): number {
  const group = keys.free.pop() ?? keys.references.length;
  keys.references[group] = 0;
  for (const [key, value] of values.entries()) keys.values[key]![group] = value;
  leaf.set(last, group);
  return group;
}

/** One pane less holds the group; the last one frees it. */
export function releaseGroup(keys: KeyDictionary, group: number): void {
  const left = keys.references[group]! - 1;
  keys.references[group] = left;
  if (left > 0) return;
  prune(keys, keys.root, 0, group);
  for (const column of keys.values) column[group] = null;
  keys.free.push(group);
}

function keyAt({ order, values }: KeyDictionary, level: number, group: number): KeyValue {
  return order.length === 0 ? null : values[order[level]!]![group]!;
}

function prune(keys: KeyDictionary, branch: Branch, level: number, group: number): void {
  const value = keyAt(keys, level, group);
  const below = branch.get(value);
  if (typeof below === "object") prune(keys, below, level + 1, group);
  if (typeof below !== "object" || below.size === 0) branch.delete(value);
}

/** What a snapshot holds of a dictionary: `[key][group]`. */
export type SavedKeys = readonly (readonly KeyValue[])[];

export function saveKeys({ values }: KeyDictionary): SavedKeys {
  return values;
}

/** The group of these key values, as the generated lookup finds it; added if there is none. */
export function findGroup(keys: KeyDictionary, values: readonly KeyValue[]): number {
  const last = values[keys.order.at(-1) ?? -1] ?? null;
  let branch = keys.root;
  for (const place of keys.order.slice(0, -1)) {
    const below = branch.get(values[place]!);
    const next: Branch = typeof below === "object" ? below : new Map();
    branch.set(values[place]!, next);
    branch = next;
  }
  const found = branch.get(last);
  return typeof found === "number" ? found : addGroup(keys, branch, last, values);
}
