import type { Expr } from "../sql/plan.ts";
import type { YamlMap, YamlNode } from "../yaml.ts";
import { readMeanPoints, readPoints } from "./points.ts";
import type { Predicates } from "./predicates.ts";
import { unreachable } from "./reach.ts";
import type { Reason } from "./reasons.ts";
import type { Bin, Characteristic, Direction, ReasonMethod } from "./scorecard.ts";
import { structureOf } from "./structure.ts";

export interface CharacteristicSettings {
  readonly method: ReasonMethod;
  readonly direction: Direction;
  /** What the card's purpose allows; null where the purpose itself is wrong. */
  readonly codes: ReadonlyMap<string, Reason> | null;
}

const KEYS = ["name", "value", "reason", "mean_points", "mean_points_at_cutoff", "bins"];
const MEAN_KEYS = { below_mean: "mean_points", below_mean_at_cutoff: "mean_points_at_cutoff" } as const;

export function loadCharacteristics(
  node: YamlNode,
  read: Predicates,
  settings: CharacteristicSettings,
): readonly Characteristic[] {
  const names = new Set<string>();
  const items = node.list();
  if (node.kind === "list" && items.length === 0)
    node.complain("a card needs a characteristic", "Write at least one.");
  return items.map((item) => {
    const map = item.map(KEYS);
    const name = map.get("name").string() ?? "";
    if (names.has(name))
      map.optional("name").complain(`the characteristic "${name}" stands twice`, "Give each its own name.");
    names.add(name);
    const reason = loadReason(map.get("reason"), settings.codes);
    const bins = loadBins(map, read, reason, settings);
    const characteristic = { name, reason, referencePoints: loadReference(map, bins, settings), bins };
    refuseUnexplained(characteristic, map.optional("bins"), settings.direction);
    refuseUnfounded(map, bins, settings.codes);
    return characteristic;
  });
}

function loadReason(node: YamlNode, codes: CharacteristicSettings["codes"]): string {
  const code = node.string() ?? "";
  if (code !== "" && codes && !codes.has(code))
    node.complain(
      `the reason "${code}" is not in the pipeline's list`,
      codes.size === 0 ? "Add it to reasons.yaml." : `Write one of: ${[...codes.keys()].join(", ")}.`,
      "scorecard.unknown-reason",
    );
  return code;
}

function loadReference(
  map: YamlMap,
  bins: readonly Bin[],
  { method, direction }: CharacteristicSettings,
): number {
  const means = {
    mean_points: readMeanPoints(map.optional("mean_points")),
    mean_points_at_cutoff: readMeanPoints(map.optional("mean_points_at_cutoff")),
  };
  const points = bins.map((bin) => bin.points);
  if (method === "below_maximum")
    return direction === "higher_is_safer" ? Math.max(...points) : Math.min(...points);
  map.get(MEAN_KEYS[method]);
  return means[MEAN_KEYS[method]];
}

type BinKind = "when" | "null" | "else";

/** `reason: null` stands for none. */
function loadBinReason(bin: YamlMap, reason: string, { codes }: CharacteristicSettings): string | null {
  if (!bin.has("reason")) return reason;
  const node = bin.get("reason");
  return node.kind === "null" ? null : loadReason(node, codes);
}

/** A point lost is a reason to state. */
function refuseUnexplained(
  { bins, referencePoints }: Characteristic,
  node: YamlNode,
  direction: Direction,
): void {
  const items = node.kind === "list" ? node.list() : [];
  const sign = direction === "higher_is_safer" ? 1 : -1;
  for (const [i, { reason, points }] of bins.entries())
    if (reason === null && sign * (referencePoints - points) >= 1)
      items[i]?.complain(
        `this bin loses points against ${referencePoints} and has no reason`,
        "Name the reason, or give the bin these points, rounded.",
        "scorecard.loss-without-reason",
      );
}

/** A reason is of something that its characteristic looks at; what a wrong condition looks at is not known. */
function refuseUnfounded(map: YamlMap, bins: readonly Bin[], codes: CharacteristicSettings["codes"]): void {
  const seen = new Set(bins.flatMap(({ condition }) => (condition ? columnsOf(condition) : [])));
  const items = map.optional("bins").kind === "list" ? map.optional("bins").list() : [];
  const conditions = items.filter((item) => item.kind === "map" && !item.map().has("else")).length;
  if (bins.filter(({ condition }) => condition).length < conditions) return;
  const own = items.flatMap((item) => (item.kind === "map" ? [item.map().optional("reason")] : []));
  for (const node of [map.optional("reason"), ...own]) {
    const code = node.kind === "string" ? node.string() : null;
    const columns = (code !== null && codes?.get(code)?.columns) || null;
    if (columns?.some((column) => seen.has(column)) === false)
      node.complain(
        columns.length === 0
          ? `nothing that is known of an applicant is a reason for "${code}"`
          : `"${code}" speaks of ${columns.join(", ")}, which no bin here looks at`,
        "Write another code, or name the column at this one in reasons.yaml.",
        "scorecard.reason-without-field",
      );
  }
}

function columnsOf(expression: Expr): readonly string[] {
  if (expression.kind === "column") return [expression.name];
  if (expression.kind === "lambda") return columnsOf(expression.body);
  return expression.kind === "call" ? expression.args.flatMap(columnsOf) : [];
}

function loadBins(
  map: YamlMap,
  read: Predicates,
  reason: string,
  settings: CharacteristicSettings,
): readonly Bin[] {
  const node = map.get("bins");
  const seen = new Map<string, YamlNode>();
  const kinds = new Set<BinKind>();
  const told = new Set<YamlNode>();
  const items = node.list();
  const bins = items.map((item) => {
    const bin = item.map(["when", "null", "else", "points", "reason"]);
    const kind = binKind(bin, item);
    if (kinds.has("else")) {
      told.add(item);
      item.complain(
        "no row reaches a bin after the else bin",
        "Move the else bin to the end.",
        "scorecard.unreachable-bin",
      );
    }
    if (kind) kinds.add(kind);
    // Every characteristic has to have these two, whether or not somebody is left for them.
    if (kind !== "when") told.add(item);
    const condition = kind && loadCondition(kind, bin, map, read);
    const key = condition ? structureOf(condition) : kind === "else" ? kind : null;
    if (key !== null && isDuplicate(key, item, seen)) told.add(item);
    const points = readPoints(bin.get("points"));
    return { condition, points, reason: loadBinReason(bin, reason, settings) };
  });
  if (node.kind === "list") requireKinds(kinds, node);
  refuseUnreachable(bins, items, told);
  return bins;
}

function refuseUnreachable(
  bins: readonly Bin[],
  items: readonly YamlNode[],
  told: ReadonlySet<YamlNode>,
): void {
  for (const i of unreachable(bins.map(({ condition }) => condition))) {
    const item = items[i];
    if (item && !told.has(item))
      item.complain(
        "no row reaches this bin: those before it take all that it matches, or nothing can match it",
        "Move it before them, correct its condition, or remove it.",
        "scorecard.unreachable-bin",
      );
  }
}

function binKind(bin: YamlMap, item: YamlNode): BinKind | null {
  const [kind, another] = (["when", "null", "else"] as const).filter((key) => bin.has(key));
  if (item.kind === "map" && (!kind || another))
    item.complain('a bin has exactly one of "when", "null" and "else"', 'Write "when: <condition>".');
  if (!kind || another) return null;
  if (kind !== "when" && bin.get(kind).boolean() === false)
    bin.get(kind).complain(`"${kind}" is a mark, not a setting`, `Write "${kind}: true".`);
  return kind;
}

function loadCondition(kind: BinKind, bin: YamlMap, map: YamlMap, read: Predicates): Expr | null {
  if (kind === "else") return null;
  if (kind === "when") return read.condition(bin.get("when"));
  const value = map.optional(map.has("value") ? "value" : "name");
  return read.isNull(value.string() ?? "NULL", value);
}

function isDuplicate(key: string, item: YamlNode, seen: Map<string, YamlNode>): boolean {
  const first = seen.get(key);
  if (first)
    item.complain(
      `this bin repeats the one on line ${first.place.line}, which takes its rows`,
      "Remove one of the two.",
      "scorecard.duplicate-bin",
    );
  else seen.set(key, item);
  return first !== undefined;
}

function requireKinds(kinds: ReadonlySet<BinKind>, node: YamlNode): void {
  if (!kinds.has("null"))
    node.complain(
      "no bin is for applicants of whom this is not known",
      'Add "- { null: true, points: … }".',
      "scorecard.no-null-bin",
    );
  if (!kinds.has("else"))
    node.complain(
      "no bin is for the applicants that no condition holds for",
      'Add "- { else: true, points: … }" at the end.',
      "scorecard.no-else-bin",
    );
}
