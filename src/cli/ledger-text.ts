/** The ledger in words: where every record went. */
import type { Ledger } from "../engine/engine.ts";

const count = new Intl.NumberFormat("en-US");

export function ledgerText({ source, tables }: Ledger): string[] {
  const { read, accepted, late, duplicate, dead } = source;
  const parts = [`${accepted} accepted`, `${late} late`, `${duplicate} duplicate`, `${dead} dead`];
  const width = Math.max(0, ...Object.keys(tables).map((name) => name.length));
  return [
    `${withSeparators(`${read} read`)} = ${parts.map(withSeparators).join(" + ")}`,
    ...Object.entries(tables).map(
      ([name, { used, filtered }]) =>
        `  ${name.padEnd(width)}  ${withSeparators(`${accepted} accepted`)} = ${withSeparators(`${used} used + ${filtered} filtered`)}`,
    ),
  ];
}

/** Large numbers of a text with their thousands apart. */
function withSeparators(text: string): string {
  return text.replace(/\d+/g, (digits) => count.format(Number(digits)));
}
