/** Writes the measured figures into `docs/generator.md`, between its two marks: `node bench/generator-report.ts`. */
import { readFileSync, writeFileSync } from "node:fs";
import { byScore, debtShares, drawSample, type Figure, measure } from "./generator-figures.ts";

const page = new URL("../docs/generator.md", import.meta.url);
const [begin, end] = ["<!-- figures: node bench/generator-report.ts -->", "<!-- end of figures -->"];
const width = 40;

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const bar = (share: number): string => "█".repeat(Math.round(share * width));

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  return `${lines.join("\n")}\n`;
}

function section(group: string, figures: readonly Figure[]): string {
  const rows = figures.map(({ name, stated, measured }) => [
    name,
    percent(stated),
    percent(measured),
    bar(measured),
  ]);
  return `**${group}**\n\n${table(["", "stated", "measured", ""], rows)}`;
}

function report(): string {
  const sample = drawSample();
  const groups = Map.groupBy(measure(sample), ({ group }) => group);
  const marginals = [...groups].map(([group, figures]) => section(group, figures));
  const debts = debtShares(sample).map(([product, shares]) => [product, ...shares.map(percent)]);
  const scores = byScore(sample).map(([band, approved, defaults]) => [
    band,
    percent(approved),
    bar(approved),
    percent(defaults),
    bar(defaults),
  ]);
  return [
    ...marginals,
    `**Debt to income**\n\n${table(["", "below 0.36", "0.36-0.43", "0.43-0.50", "above"], debts)}`,
    `**Joint: approval and default by score, all products**\n\n${table(["score", "approved", "", "default", ""], scores)}`,
  ].join("\n");
}

const text = readFileSync(page, "utf8");
const [before] = text.split(begin);
const [, after] = text.split(end);
if (before === undefined || after === undefined) throw new Error(`${page.pathname} lacks its marks`);
writeFileSync(page, `${before}${begin}\n\n${report()}\n${end}${after}`);
