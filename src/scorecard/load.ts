/** Reads `scorecards/NAME.yaml` against the columns that its predicates may use, and reports every mistake at once. */
import { basename } from "node:path";
import type { Diagnostic } from "../errors.ts";
import type { Column } from "../sql/plan.ts";
import { parseYaml, type YamlMap, type YamlNode } from "../yaml.ts";
import { loadCharacteristics } from "./load-characteristics.ts";
import { readPoints } from "./points.ts";
import { predicates } from "./predicates.ts";
import { PURPOSES, type ReasonLists } from "./reasons.ts";
import { type Band, DIRECTIONS, REASON_METHODS, type Scale, type Scorecard } from "./scorecard.ts";

/** Endings of the columns that a card adds. */
const ADDED = ["score", "odds_implied", "probability", "band", "reasons"];

const KEYS = [
  "description",
  "direction",
  "purpose",
  "fitted_on",
  "when",
  "start_points",
  "base_points",
  "base_odds",
  "points_to_double_odds",
  "bands",
  "reasons",
  "characteristics",
];

/**
 * @param file the path shown in complaints; its base name is the card's name
 * @param columns of the relation that the card is attached to
 * @returns the card; where anything is wrong, an empty one with the same columns, so that what reads them is not
 * complained of as well
 */
export function loadScorecard(
  text: string,
  file: string,
  columns: readonly Column[],
  reasons: ReasonLists,
): { readonly card: Scorecard; readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const root = parseYaml(text, file, diagnostics).map(KEYS);
  root.optional("description").string();
  const direction = root.get("direction").oneOf(DIRECTIONS);
  const purpose = root.get("purpose").oneOf(PURPOSES);
  const method = root.optional("reasons").oneOf(REASON_METHODS) ?? "below_mean";
  const read = predicates(columns, purpose, diagnostics);
  const characteristics = loadCharacteristics(root.get("characteristics"), read, {
    method,
    direction: direction ?? "higher_is_safer",
    codes: purpose && reasons[purpose],
  });
  const name = loadName(file, columns, diagnostics);
  const fittedOn = root.optional("fitted_on").string();
  const card = {
    name,
    fittedOn,
    when: root.has("when") ? read.condition(root.get("when")) : null,
    scale: loadScale(root),
    bands: loadBands(root.get("bands")),
    reasonMethod: method,
    characteristics,
  };
  if (diagnostics.length > 0 || !direction || !purpose)
    return { card: { ...EMPTY, name, fittedOn }, diagnostics };
  return { card: { ...card, direction, purpose }, diagnostics };
}

const EMPTY: Omit<Scorecard, "name" | "fittedOn"> = {
  direction: "higher_is_safer",
  purpose: "credit",
  when: null,
  scale: { startPoints: 0, basePoints: 0, baseOdds: 1, pointsToDoubleOdds: 1 },
  bands: [],
  reasonMethod: "below_mean",
  characteristics: [],
};

/** The prefix of the card's columns, which may not stand in the way of others. */
function loadName(file: string, columns: readonly Column[], diagnostics: Diagnostic[]): string {
  const name = basename(file, ".yaml");
  const complain = (message: string, remedy: string) =>
    diagnostics.push({
      code: "scorecard.invalid-name",
      message,
      remedy,
      place: { file, line: 1, column: 1 },
    });
  if (!/^[a-z][a-z0-9_]*$/.test(name))
    complain(`"${name}" can't begin the names of columns`, "Name the file by small letters, digits and _.");
  const taken = ADDED.map((ending) => `${name}_${ending}`).find((column) =>
    columns.some((other) => other.name.toLowerCase() === column),
  );
  if (taken) complain(`there is a column ${taken} already`, "Rename the file, or the column.");
  return name;
}

function loadScale(root: YamlMap): Scale {
  return {
    startPoints: readPoints(root.optional("start_points")),
    basePoints: readPoints(root.get("base_points")),
    baseOdds: positive(root.get("base_odds")),
    pointsToDoubleOdds: positive(root.get("points_to_double_odds")),
  };
}

function positive(node: YamlNode): number {
  const value = node.number();
  if (value !== null && value <= 0) node.complain("this must be above zero", "Write a number above zero.");
  return value ?? 1;
}

function loadBands(node: YamlNode): readonly Band[] {
  const bands: Band[] = [];
  const items = node.list();
  if (node.kind === "list" && items.length === 0)
    node.complain("a card needs a band", "Write at least one, such as - { name: all }.");
  for (const item of items) {
    const map = item.map(["name", "from"]);
    const band = { name: map.get("name").string() ?? "", from: loadFrom(map, bands.at(-1)) };
    if (bands.some(({ name }) => name === band.name))
      item.complain(`the band "${band.name}" stands twice`, "Give each band its own name.");
    bands.push(band);
  }
  return bands;
}

function loadFrom(map: YamlMap, previous: Band | undefined): number | null {
  if (!previous) {
    if (map.has("from"))
      map
        .get("from")
        .complain(
          "the first band holds every score below the second's, so it has no beginning",
          'Remove its "from".',
          "scorecard.bands-unordered",
        );
    return null;
  }
  const node = map.get("from");
  const from = node.integer();
  if (from !== null && previous.from !== null && from <= previous.from)
    node.complain(
      `this band begins at ${from}, not above the one before it (${previous.from})`,
      "Order the bands by ascending score.",
      "scorecard.bands-unordered",
    );
  return from;
}
