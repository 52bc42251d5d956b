/** Arrays of one scalar type, and what reads a histogram. */

import { isNumeric, isWide } from "../build.ts";
import type { Call, Expr, HistogramTrace } from "../plan.ts";
import { arrayOf as arrayOfType, BIGINT, DOUBLE, STRING } from "../types.ts";
import type { EmbeddedCode, ScalarFunction, Signature } from "./function.ts";
import {
  clip,
  convert,
  hull,
  literalInteger,
  normaliseSpark,
  refuse,
  runtimeCall,
  SLACK,
  unify,
  withIntegers,
  wrongCount,
  wrongTypes,
} from "./signature.ts";

const LONGEST = 2 ** 31 - 1;
const SCALARS: readonly string[] = ["bigint", "double", "string", "boolean", "timestamp"];

function resolveArray(args: readonly Expr[]): Signature {
  const common = unify(args);
  if (args.length === 0) return wrongCount("array", "array(a, b)");
  if (!common || !SCALARS.includes(common.type.kind))
    return wrongTypes("array", args, "Give every element the same scalar type");
  return { type: arrayOfType(common.type), range: hull(common.args), nullable: false, args: common.args };
}

/** Of functions from an array to an array of the same elements. */
function sameArray(name: string, args: readonly Expr[]): Signature {
  const [values] = args;
  if (values?.type.kind !== "array") return wrongTypes(name, args, "Give it an array first");
  return { type: values.type, range: values.range, nullable: values.nullable, args };
}

function resolveSize(args: readonly Expr[]): Signature {
  const [values] = args;
  if (!values || args.length !== 1) return wrongCount("size", "size(a)");
  if (values.type.kind !== "array") return wrongTypes("size", args, "Take the size of an array");
  return { type: BIGINT, range: { low: values.nullable ? -1 : 0, high: LONGEST }, nullable: false, args };
}

function resolveSlice(args: readonly Expr[]): Signature {
  const [, start, length] = args.map(literalInteger);
  if (args.length !== 3) return wrongCount("slice", "slice(a, 1, 3)");
  if (typeof start !== "number" || start === 0 || typeof length !== "number" || length < 0)
    return refuse(
      "literal",
      "slice takes a literal start other than 0 and a literal length of 0 or more",
      "Write slice(a, 1, 3)",
    );
  return sameArray("slice", args);
}

function resolveElementAt(args: readonly Expr[]): Signature {
  const [values, position] = args;
  const index = literalInteger(position);
  if (args.length !== 2 || !values) return wrongCount("element_at", "element_at(a, 1)");
  if (values.type.kind !== "array") return wrongTypes("element_at", args, "Give it an array first");
  if (index === null || index === 0)
    return refuse(
      "literal",
      "element_at takes a literal index other than 0",
      "Write element_at(a, 1) for the first element",
    );
  return { type: values.type.element, range: values.range, nullable: true, args };
}

function resolveFilter(args: readonly Expr[]): Signature {
  const [, keep] = args;
  if (args.length !== 2) return wrongCount("filter", "filter(a, x -> x > 0)");
  if (keep?.kind !== "lambda" || keep.type.kind !== "boolean")
    return refuse("argument-types", "filter needs a condition", "Write filter(a, x -> x > 0)");
  return sameArray("filter", args);
}

function elementKind(call: Call): string {
  const type = call.args[0]?.type;
  return type?.kind === "array" ? type.element.kind : "null";
}

const sortCode: EmbeddedCode = {
  kind: "value",
  code: (operands, call) => {
    const kind = elementKind(call);
    const name = kind === "string" ? "sortTexts" : kind === "boolean" ? "sortBooleans" : "sortNumbers";
    return `rt.${name}(${operands.value(0)})`;
  },
};

function resolveQuantile(args: readonly Expr[]): Signature {
  const [counts, q] = args;
  if (args.length !== 2 || !counts) return wrongCount("quantile", "quantile(h, 0.95)");
  const trace = counts.histogram;
  if (!trace) return untraceable("quantile");
  if (q?.kind !== "literal" || typeof q.value !== "number" || !(q.value > 0 && q.value <= 1))
    return refuse("literal", "quantile takes a literal share above 0 and up to 1", "Write quantile(h, 0.95)");
  if (trace.minimum === null)
    return refuse(
      "range",
      "the first bin has no lower edge",
      "Give the counted field a minimum in the schema, or clamp it with greatest",
    );
  const share = convert(q, DOUBLE) as Expr;
  const edges = [trace.minimum, ...trace.bounds];
  // The last edge of a bin is its first edge plus its width, rounded.
  const range = clip(Math.min(...edges), Math.max(...edges) + Math.max(...edges.map(Math.abs)) * SLACK);
  return { type: DOUBLE, range, nullable: true, args: [counts, share] };
}

function untraceable(name: string): Signature {
  return refuse(
    "argument-types",
    `${name} reads a histogram`,
    "Give it histogram(x, array(…)), or a column that is one",
  );
}

function resolveStability(args: readonly Expr[]): Signature {
  const [counts, baseline] = args;
  if (args.length !== 2 || !counts) return wrongCount("psi", "psi(h, array(0.2, 0.5, 0.3))");
  if (!counts.histogram) return untraceable("psi");
  const shares = baseline ? literalShares(baseline) : null;
  if (shares?.length !== counts.histogram.bounds.length + 1)
    return refuse(
      "literal",
      `psi takes ${counts.histogram.bounds.length + 1} literal shares, one a bin`,
      "Write psi(h, array(0.2, 0.5, 0.3))",
    );
  return { type: DOUBLE, range: clip(0, 20 * shares.length), nullable: true, args };
}

/** The shares of a literal array, each from 0 to 1. */
function literalShares(expression: Expr): readonly number[] | null {
  if (expression.kind !== "call" || expression.fn !== "array") return null;
  const shares = expression.args.map((arg) =>
    arg.kind === "literal" && typeof arg.value === "number" ? arg.value : -1,
  );
  return shares.every((share) => share >= 0 && share <= 1) ? shares : null;
}

function traceOf(call: Call): HistogramTrace {
  return call.args[0]?.histogram ?? { bounds: [], minimum: null };
}

function shareOf(call: Call): number {
  const share = call.args[1];
  return share?.kind === "literal" && typeof share.value === "number" ? share.value : 1;
}

const quantileCode: EmbeddedCode = {
  kind: "value",
  code: (operands, call) => {
    const { bounds, minimum } = traceOf(call);
    return `rt.quantile(${operands.value(0)}, ${shareOf(call)}, ${JSON.stringify(bounds)}, ${minimum})`;
  },
};

const doubles = (values: readonly number[]): string =>
  `array(${values.map((value) => `(${value}D)`).join(", ")})`;
const TOTAL = "aggregate(h, 0L, (s, c) -> s + c)";

/** Binds the histogram's text to `h`, so that it stands in the rendered text once. */
const bind = (histogram: string | undefined, body: string): string =>
  `element_at(transform(array(${histogram}), h -> ${body}), 1)`;

function quantileSpark([histogram]: readonly string[], call: Call): string {
  const { bounds, minimum } = traceOf(call);
  const lows = doubles([minimum ?? 0, ...bounds]);
  const widths = doubles([minimum ?? 0, ...bounds].map((low, bin) => (bounds[bin] ?? low) - low));
  const rank = `greatest(1L, ceil(${shareOf(call)}D * ${TOTAL}))`;
  const start = "named_struct('i', 1, 'below', 0L, 'v', CAST(NULL AS DOUBLE))";
  const value = `element_at(${lows}, a.i) + element_at(${widths}, a.i) * ((${rank} - a.below) / c) + 0D`;
  const step = `named_struct('i', a.i + 1, 'below', a.below + c, 'v', CASE WHEN a.v IS NULL AND c > 0L AND a.below + c >= ${rank} THEN ${value} ELSE a.v END)`;
  return bind(histogram, `aggregate(h, ${start}, (a, c) -> ${step}, a -> a.v)`);
}

function stabilitySpark([histogram, baseline]: readonly string[], call: Call): string {
  const share = `greatest(c / ${TOTAL}, 0.0001D)`;
  const base = `greatest(element_at(${baseline}, a.i), 0.0001D)`;
  const step = `named_struct('i', a.i + 1, 'v', a.v + (${share} - ${base}) * ln(${share} / ${base}))`;
  const body = `CASE WHEN ${TOTAL} > 0L THEN aggregate(h, named_struct('i', 1, 'v', 0D), (a, c) -> ${step}, a -> a.v) END`;
  return normaliseSpark(bind(histogram, body), call.range);
}

function resolveReasons(args: readonly Expr[]): Signature {
  const wellFormed = args.every((arg, index) => arg.type.kind === (index % 2 === 0 ? "bigint" : "string"));
  if (args.length === 0 || args.length % 2 !== 0 || !wellFormed)
    return wrongTypes("top_reasons", args, "Give it pairs of points lost and a reason code");
  if (args.some(isWide))
    return refuse("range", "the points can leave ±(2^53-1)", "Clamp them with least/greatest");
  return { type: arrayOfType(STRING), range: null, nullable: false, args };
}

function reasonsSpark(args: readonly string[]): string {
  const structs: string[] = [];
  for (let i = 0; i + 1 < args.length; i += 2)
    structs.push(`named_struct('loss', (0L - ${args[i]}), 'place', ${i}, 'code', ${args[i + 1]})`);
  const found = `filter(array(${structs.join(", ")}), r -> r.loss < 0L AND r.code IS NOT NULL)`;
  return `transform(slice(array_sort(${found}), 1, 4), r -> r.code)`;
}

const elementCode: EmbeddedCode = {
  kind: "value",
  code: (operands, call) =>
    `rt.elementAt(${operands.value(0)}, ${literalInteger(call.args[1])}, ${isNumeric(call.type) ? "NaN" : "null"})`,
};

export const arrayFunctions: readonly ScalarFunction[] = [
  {
    name: "array",
    carries: "value",
    resolve: resolveArray,
    embedded: {
      kind: "value",
      code: (operands) =>
        `[${Array.from({ length: operands.count }, (_, i) => operands.value(i)).join(", ")}]`,
    },
    spark: (args) => `array(${args.join(", ")})`,
  },
  {
    name: "size",
    carries: "derived",
    resolve: resolveSize,
    embedded: runtimeCall("size"),
    spark: ([a]) => `CAST(size(${a}) AS BIGINT)`,
  },
  {
    name: "slice",
    carries: "value",
    resolve: resolveSlice,
    embedded: runtimeCall("slice"),
    spark: withIntegers("slice"),
  },
  {
    name: "element_at",
    carries: "value",
    resolve: resolveElementAt,
    embedded: elementCode,
    spark: withIntegers("element_at"),
  },
  {
    name: "array_sort",
    carries: "value",
    resolve: (args) =>
      args.length === 1 ? sameArray("array_sort", args) : wrongCount("array_sort", "array_sort(a)"),
    embedded: sortCode,
    spark: ([a]) => `array_sort(${a})`,
  },
  {
    name: "filter",
    carries: "value",
    resolve: resolveFilter,
    embedded: {
      kind: "value",
      code: (operands) => `rt.filter(${operands.value(0)}, ${operands.predicate(1)})`,
    },
    spark: ([a, keep]) => `filter(${a}, ${keep})`,
  },
  {
    name: "quantile",
    carries: "derived",
    resolve: resolveQuantile,
    embedded: quantileCode,
    spark: quantileSpark,
  },
  {
    name: "psi",
    carries: "derived",
    resolve: resolveStability,
    embedded: runtimeCall("populationStability"),
    spark: stabilitySpark,
  },
  {
    name: "top_reasons",
    carries: "value",
    resolve: resolveReasons,
    embedded: runtimeCall("topReasons"),
    spark: reasonsSpark,
  },
];
