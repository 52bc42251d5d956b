/** Small charts as SVG, drawn here: a page needs no library, and shows them without a script. */
import type { WindowTotal } from "../../store/window-totals.ts";
import { type Markup, markup } from "./markup.ts";

const BAR = 4;
const GAP = 1;
const HISTOGRAM_HEIGHT = 16;
const CHART_HEIGHT = 40;
/** As high as anything can be seen. */
const LEAST_HEIGHT = 1;

/** Counts side by side, each against the greatest. */
export function histogramBars(counts: readonly number[]): Markup {
  const bars = counts.map((count, i) => bar(i, count, Math.max(...counts), HISTOGRAM_HEIGHT));
  const width = counts.length * (BAR + GAP) - GAP;
  return markup`<svg class="histogram" width="${width}" height="${HISTOGRAM_HEIGHT}" role="img" aria-label="${counts.join(", ")}">${bars}</svg>`;
}

export interface WindowChart {
  /** What is counted, such as `Applications`. */
  readonly label: string;
  /** From one bar to the next. */
  readonly slideMs: number;
  readonly totals: readonly WindowTotal[];
  readonly time: (ms: number) => string;
}

const LEAST_WINDOWS = 6;

/** A bar a window, a gap where one has no rows; nothing while there are few. */
export function windowChart({ label, slideMs, totals, time }: WindowChart): Markup | null {
  const first = totals[0];
  const last = totals.at(-1);
  if (!first || !last || totals.length < LEAST_WINDOWS) return null;
  const places = Math.round((last.startMs - first.startMs) / slideMs) + 1;
  const greatest = Math.max(...totals.map(({ total }) => total));
  const bars = totals.map(({ startMs, total }) => {
    const place = Math.round((startMs - first.startMs) / slideMs);
    return markup`<g><title>${time(startMs)}: ${total.toLocaleString("en-US")}</title>${bar(place, total, greatest, CHART_HEIGHT)}</g>`;
  });
  const width = places * (BAR + GAP) - GAP;
  const summary = `${label} a window, ${time(first.startMs)} to ${time(last.startMs)}`;
  const most = greatest.toLocaleString("en-US");
  return markup`<figure class="chart">
<svg viewBox="0 0 ${width} ${CHART_HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${summary}; at most ${most}">${bars}</svg>
<figcaption><span>${summary}</span><span>at most ${most}</span></figcaption>
</figure>`;
}

function bar(place: number, value: number, greatest: number, height: number): Markup {
  const part = greatest > 0 ? value / greatest : 0;
  const tall = value > 0 ? Math.max(part * height, LEAST_HEIGHT) : 0;
  return markup`<rect x="${place * (BAR + GAP)}" y="${rounded(height - tall)}" width="${BAR}" height="${rounded(tall)}"/>`;
}

function rounded(length: number): number {
  return Math.round(length * 10) / 10;
}
