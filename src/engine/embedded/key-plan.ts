/** Which tables share a dictionary of group keys, and in which order its keys are looked up. */
import type { Leaf } from "../../contract/schema.ts";
import type { AggregateRelation } from "../../sql/plan.ts";
import type { Interner, Node } from "./expressions.ts";
import { createKeyDictionary, findCode, type KeyDictionary } from "./keys.ts";
import { endsOf, type Shape } from "./shape.ts";

/** How one table finds its groups. */
export interface KeyPlan {
  readonly dictionary: KeyDictionary;
  /** The dictionary's name in generated code. */
  readonly name: string;
  /** JavaScript that yields the group of the row `i` whose columns, below the aggregate, are these. */
  find(columns: readonly Node[]): string;
}

export interface KeyPlanner {
  readonly dictionaries: KeyDictionary[];
  plan(shape: Shape, aggregate: AggregateRelation): KeyPlan;
  /** Text of the lookups that all tables share; `value` is the text of a node. */
  code(value: (node: Node) => string): string;
  /** Statements that forget the groups of the last run of rows. */
  reset(): string;
}

export function createKeyPlanner(interner: Interner, leaves: readonly Leaf[]): KeyPlanner {
  const bySignature = new Map<string, { readonly dictionary: KeyDictionary; readonly name: string }>();
  const lookups = new Map<
    string,
    { readonly name: string; readonly find: string; readonly keys: readonly Node[] }
  >();

  function plan(shape: Shape, aggregate: AggregateRelation): KeyPlan {
    const keysOver = (columns: readonly Node[]) => aggregate.keys.map((key) => interner.node(key, columns));
    const ways = endsOf(shape.below, interner.base(shape.source), interner).map(keysOver);
    const signature = JSON.stringify(ways.map((keys) => keys.map(({ id }) => id)));
    const known = bySignature.get(signature) ?? {
      dictionary: createKeyDictionary(lookupOrder(ways, aggregate.keys.length, leaves)),
      name: `K${bySignature.size}`,
    };
    bySignature.set(signature, known);
    return { ...known, find: (columns) => `${lookup(known.name, keysOver(columns))}(i)` };
  }

  function lookup(dictionary: string, keys: readonly Node[]): string {
    const id = `${dictionary}_${keys.map((key) => key.id).join("_")}`;
    const name = `q${id}`;
    lookups.set(id, { name, find: `find${dictionary}`, keys });
    return name;
  }

  return {
    get dictionaries() {
      return [...bySignature.values()].map(({ dictionary }) => dictionary);
    },
    plan,
    code: (value) => {
      const finds = [...bySignature.values()].map(({ dictionary, name }) =>
        findCode(`find${name}`, name, dictionary.order),
      );
      const remembered = [...lookups.values()].map(
        ({ name, find, keys }) => `let ${name}_at = -1, ${name}_is = 0;
function ${name}(i) { if (${name}_at !== i) { ${name}_is = ${find}(${keys.map(value).join(", ")}); ${name}_at = i; } return ${name}_is; }`,
      );
      return [...finds, ...remembered].join("\n");
    },
    reset: () => [...lookups.values()].map(({ name }) => `${name}_at = -1;`).join(" "),
  };
}

/** Keys of few values first, so that the branches of the dictionary are few and full. */
function lookupOrder(ways: readonly (readonly Node[])[], arity: number, leaves: readonly Leaf[]): number[] {
  const distinct = (key: number) => ways.reduce((sum, keys) => sum + distinctValues(keys[key]!, leaves), 0);
  const counts = Array.from({ length: arity }, (_, key) => distinct(key));
  return counts.map((_, key) => key).sort((a, b) => counts[a]! - counts[b]! || a - b);
}

/** About how many values an expression has. */
function distinctValues({ expr, args }: Node, leaves: readonly Leaf[]): number {
  if (expr.kind === "literal") return 1;
  if (expr.type.kind === "boolean") return 3;
  if (expr.kind === "column") return leaves[expr.index]?.values?.length ?? Number.MAX_SAFE_INTEGER;
  if (expr.kind !== "call" || (expr.fn !== "case" && expr.fn !== "coalesce")) return Number.MAX_SAFE_INTEGER;
  return args
    .filter((_, index) => expr.fn === "coalesce" || index % 2 === 1 || index === args.length - 1)
    .reduce((sum, arg) => sum + distinctValues(arg, leaves), 0);
}
