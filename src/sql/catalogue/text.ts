/** Functions over text; positions and lengths count code points. */
import { bigint } from "../build.ts";
import type { Expr } from "../plan.ts";
import { STRING } from "../types.ts";
import type { EmbeddedCode, ScalarFunction, Signature } from "./function.ts";
import {
  allValues,
  anyNullable,
  convert,
  literalInteger,
  refuse,
  runtimeCall,
  withIntegers,
  wrongCount,
  wrongTypes,
} from "./signature.ts";

const INT_LIMIT = 2 ** 31 - 1;

function texts(args: readonly Expr[]): readonly Expr[] | null {
  const converted = args.map((arg) => convert(arg, STRING));
  return converted.every((arg) => arg !== null) ? converted : null;
}

function resolveConcat(args: readonly Expr[]): Signature {
  const parts = texts(args);
  if (args.length < 1) return wrongCount("concat", "concat(a, b)");
  if (!parts) return wrongTypes("concat", args, "Give it text; CAST(n AS STRING) makes text of a BIGINT");
  return { type: STRING, range: null, nullable: anyNullable(args), args: parts };
}

function resolveConcatWithSeparator(args: readonly Expr[]): Signature {
  const [separator, ...parts] = args;
  if (parts.length < 1) return wrongCount("concat_ws", "concat_ws('-', a, b)");
  if (separator?.kind !== "literal" || typeof separator.value !== "string")
    return refuse("literal", "concat_ws takes a literal separator", "Write concat_ws('-', a, b)");
  const converted = texts(parts);
  if (!converted)
    return wrongTypes("concat_ws", args, "Give it text; CAST(n AS STRING) makes text of a BIGINT");
  return { type: STRING, range: null, nullable: false, args: [separator, ...converted] };
}

function resolveSubstring(args: readonly Expr[]): Signature {
  const [text, position, length] = args;
  const start = literalInteger(position);
  const count = args.length === 2 ? INT_LIMIT : literalInteger(length);
  if (!text || args.length < 2 || args.length > 3) return wrongCount("substr", "substr(x, position, length)");
  if (text.type.kind !== "string") return wrongTypes("substr", args, "Take a part of text");
  if (start === null || count === null || count < 0 || Math.abs(start) > INT_LIMIT || count > INT_LIMIT)
    return refuse(
      "literal",
      "substr takes a literal position and a literal length of 0 or more",
      "Write substr(x, 1, 3)",
    );
  return { type: STRING, range: null, nullable: text.nullable, args: [text, bigint(start), bigint(count)] };
}

const HASH_BITS: readonly (number | null)[] = [224, 256, 384, 512];

function resolveHash(args: readonly Expr[]): Signature {
  const [text, bits] = args;
  if (!text || args.length !== 2) return wrongCount("sha2", "sha2(x, 256)");
  if (text.type.kind !== "string") return wrongTypes("sha2", args, "Hash text");
  if (!HASH_BITS.includes(literalInteger(bits)))
    return refuse("literal", "sha2 takes a literal length in bits", "Write 224, 256, 384 or 512");
  return { type: STRING, range: null, nullable: text.nullable, args };
}

function resolveMask(args: readonly Expr[]): Signature {
  const [text] = args;
  if (!text || args.length !== 1) return wrongCount("mask", "mask(x)");
  if (text.type.kind !== "string")
    return wrongTypes("mask", args, "Mask text; put out a number as a band instead");
  return { type: STRING, range: null, nullable: text.nullable, args };
}

const concatCode: EmbeddedCode = {
  kind: "value",
  code: (operands) =>
    operands.count === 1 ? operands.value(0) : `rt.concat(${allValues(operands).join(", ")})`,
};

export const textFunctions: readonly ScalarFunction[] = [
  {
    name: "concat",
    carries: "value",
    resolve: resolveConcat,
    embedded: concatCode,
    spark: (args) => `concat(${args.join(", ")})`,
  },
  {
    name: "concat_ws",
    carries: "value",
    resolve: resolveConcatWithSeparator,
    embedded: runtimeCall("concatWithSeparator"),
    spark: (args) => `concat_ws(${args.join(", ")})`,
  },
  {
    name: "substr",
    carries: "value",
    resolve: resolveSubstring,
    embedded: runtimeCall("substring"),
    spark: withIntegers("substr"),
  },
  {
    name: "mask",
    carries: "derived",
    resolve: resolveMask,
    embedded: runtimeCall("mask"),
    spark: ([text]) => `regexp_replace(mask(${text}), '[^\\\\x00-\\\\x7F]', '*')`,
  },
  {
    name: "sha2",
    carries: "value",
    resolve: resolveHash,
    embedded: runtimeCall("sha2"),
    spark: withIntegers("sha2"),
  },
];
