/** A small card and the columns that it stands on. */

import { loadScorecard } from "../../src/scorecard/load.ts";
import { loadReasons } from "../../src/scorecard/reasons.ts";
import { NO_LINEAGE } from "../../src/sql/build.ts";
import type { Column } from "../../src/sql/plan.ts";
import { BIGINT, BOOLEAN, SAFE, type SqlType, STRING } from "../../src/sql/types.ts";

function column(name: string, type: SqlType, isProtected = false): Column {
  const lineage = isProtected ? { pii: [], protected: [name] } : NO_LINEAGE;
  const range = type.kind === "bigint" ? SAFE : null;
  return { name, type, range, nullable: true, lineage, eventTime: false };
}

export const columns: readonly Column[] = [
  column("score", BIGINT),
  column("debt", BIGINT),
  column("verified", BOOLEAN),
  column("kind", STRING),
  column("age", BIGINT, true),
  column("other_band", STRING),
];

export const { reasons } = loadReasons(
  "credit: { history: History, debt: Debt, income: Income, kind: Kind, fifth: Fifth, " +
    "late: { text: Late, columns: [days_late, debt] }, attached: { text: Attached, columns: [] } }\n" +
    "fraud: { age: Age }\n",
  "reasons.yaml",
);

export const card = `direction: higher_is_safer
purpose: credit
start_points: 500
base_points: 600
base_odds: 50
points_to_double_odds: 20
bands:
  - { name: high }
  - { name: medium, from: 510 }
  - { name: low, from: 530 }
characteristics:
  - name: score
    reason: history
    mean_points: 20
    bins:
      - { null: true, points: 5 }
      - { when: score < 600, points: 0 }
      - { else: true, points: 30 }
  - name: debt
    reason: debt
    mean_points: 6.5
    bins:
      - { null: true, points: 3 }
      - { when: debt > 1000, points: -10 }
      - { else: true, points: 10 }
  - name: verified
    reason: history
    mean_points: 2
    bins:
      - { null: true, points: 0 }
      - { when: verified, points: 15 }
      - { else: true, points: -15 }
`;

export const load = (text: string, file = "scorecards/small.yaml") =>
  loadScorecard(text, file, columns, reasons);

/** The codes of complaints with their lines. */
export const complaints = (text: string): string[] =>
  load(text).diagnostics.map(({ code, place }) => `${code}:${place.line}`);
