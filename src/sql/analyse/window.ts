/** `window(event_time, '10 minutes', '1 minute')` in GROUP BY. */
import type { CallSyntax, Syntax } from "../ast.ts";
import type { Expr, WindowSpec } from "../plan.ts";
import { literalText, type Scope, typeExpression } from "./expression.ts";
import type { Reporter } from "./reporter.ts";

const UNIT_MS: Readonly<Record<string, number>> = {
  millisecond: 1,
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
};

/** A hundred years: no window's edge leaves what is a time. */
const LONGEST_MS = 36_500 * 86_400_000;
/** Each event lies in so many windows. */
const MOST_PANES = 100_000;

/** Milliseconds of `'10 minutes'`; null if it is no duration of fixed length. */
export function parseDuration(text: string): number | null {
  const match = /^\s*(\d+)\s+([a-z]+?)s?\s*$/i.exec(text);
  const unitMs = UNIT_MS[match?.[2]?.toLowerCase() ?? ""];
  const ms = unitMs === undefined ? 0 : Number(match?.[1]) * unitMs;
  return ms > 0 && Number.isSafeInteger(ms) ? ms : null;
}

export interface Grouping {
  readonly window: WindowSpec;
  /** The event time, over the input. */
  readonly time: Expr;
  /** The other group expressions. */
  readonly keys: readonly Syntax[];
}

function isWindowCall(syntax: Syntax): syntax is CallSyntax {
  return syntax.kind === "call" && syntax.name === "window";
}

/** Null where something was reported. */
export function readGrouping(
  groupBy: readonly Syntax[],
  at: Syntax["span"],
  input: Scope,
  isEventTime: (expression: Expr) => boolean,
): Grouping | null {
  const { reporter } = input;
  const [call, second] = groupBy.filter(isWindowCall);
  if (!call)
    return reporter.report(
      "sql.no-window",
      at,
      "a group without a window would be kept for ever",
      "Add window(event_time, '1 minute') to GROUP BY",
    );
  if (second)
    return reporter.report(
      "sql.two-windows",
      second.span,
      "a query has one window",
      "Keep one, and make the other a model of its own",
    );
  const [timeSyntax, size, slide, offset] = call.arguments;
  if (!timeSyntax || offset)
    return reporter.report(
      "sql.window-size",
      call.span,
      "window takes a time, a size and a slide",
      "Write window(event_time, '10 minutes', '1 minute')",
    );
  const window = readWindow(call, size, slide, reporter);
  const time = typeExpression(timeSyntax, input);
  if (!window || !time) return null;
  if (!isEventTime(time))
    return reporter.report(
      "sql.window-column",
      timeSyntax.span,
      "the window is not over the source's event time",
      "Use the event time column unchanged: the watermark follows that one alone",
    );
  return { window, time, keys: groupBy.filter((syntax) => !isWindowCall(syntax)) };
}

function readWindow(
  call: CallSyntax,
  size: Syntax | undefined,
  slide: Syntax | undefined,
  reporter: Reporter,
): WindowSpec | null {
  const sizeMs = parseDuration(literalText(size) ?? "");
  const slideMs = slide ? parseDuration(literalText(slide) ?? "") : sizeMs;
  if (sizeMs === null || slideMs === null)
    return reporter.report(
      "sql.window-size",
      call.span,
      "the window's size is no duration of fixed length",
      "Write one such as '10 minutes', '1 hour' or '7 days'",
    );
  if (sizeMs % slideMs !== 0)
    return reporter.report(
      "sql.window-size",
      call.span,
      "the window's size is no multiple of its slide",
      "Choose a slide that divides the size",
    );
  if (sizeMs > LONGEST_MS || sizeMs / slideMs > MOST_PANES)
    return reporter.report(
      "sql.window-size",
      call.span,
      "the window is too long, or its slide too short",
      `Stay within 36500 days, and within ${MOST_PANES} slides`,
    );
  return { sizeMs, slideMs };
}
