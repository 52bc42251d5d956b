/** Generated events, parsed as loosely as the tests need. */
import {
  createGenerator,
  type GeneratedEvent,
  type GeneratorOptions,
} from "../../src/generator/generator.ts";

export const startMs = Date.UTC(2026, 0, 5);

export function take(count: number, options: Partial<GeneratorOptions> = {}): GeneratedEvent[] {
  return [...createGenerator({ seed: 7, startMs, ratePerSecond: 3, ...options }).take(count)];
}

export type Json = { readonly [key: string]: Json } | readonly Json[] | string | number | boolean | null;

export function parse({ json }: GeneratedEvent): Json {
  return JSON.parse(json);
}

/** The value at a dotted path; undefined where there is none. */
export function at(event: Json, path: string): Json | undefined {
  let value: Json | undefined = event;
  for (const name of path.split(".")) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    value = (value as { readonly [key: string]: Json })[name];
  }
  return value;
}

/** The same, as text. */
export function text(event: Json, path: string): string {
  return String(at(event, path));
}

export function groupBy<Item>(
  items: readonly Item[],
  key: (item: Item) => string,
): ReadonlyMap<string, Item[]> {
  return Map.groupBy(items, key);
}
