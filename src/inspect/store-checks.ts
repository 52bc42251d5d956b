/** The tables. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { SourceLedger } from "../engine/engine.ts";
import { count, counted, positionsText } from "../output/quantities.ts";
import { ANEW_FROM_TOPIC, isEmbedded } from "../store/anew.ts";
import { deadReader } from "../store/letters.ts";
import { pipelineChange } from "../store/pipeline-change.ts";
import { storeError } from "../store/sqlite-error.ts";
import { openToRead, STORE_FILE } from "../store/sqlite-store.ts";
import { backfillsOf, backfillText, goOnCommand } from "./backfills.ts";
import { type Check, type Finding, failed, ok, warning } from "./check.ts";
import { commonest } from "./newest-records.ts";
import { resultOf, type Subject, valueIn } from "./subject.ts";

const MOST_COMPLAINTS = 3;
const ASIDE = "set this file aside: the tables are made anew of what the log keeps";

export const storeChecks: readonly Check<Subject>[] = [
  {
    name: "store",
    async run({ status }) {
      const found = resultOf(status);
      if (found === null) return [ok("nothing is kept yet")];
      return [
        ok(`${counted(found.tables.length, "table")}, taken in up to ${positionsText(found.positions)}`),
      ];
    },
  },
  {
    name: "tables",
    async run({ settings: { dataDir }, status, pipeline }) {
      const compiled = valueIn(pipeline);
      if (compiled === null || !valueIn(status)) return [];
      using database = openToRead(join(dataDir, STORE_FILE));
      const change = pipelineChange(database, dataDir, compiled, new Set());
      if (change === null) return [ok("they are those of the pipeline")];
      return [ok("the pipeline has changed in a way that they can go on with"), ...change.notices.map(ok)];
    },
  },
  {
    name: "taken in",
    async run({ settings: { dataDir }, status }) {
      const { ledger = null, logIdentity = null } = valueIn(status) ?? {};
      if (ledger === null) return [];
      return ledgerFindings(ledger, logIdentity, () => commonestFault(join(dataDir, STORE_FILE)));
    },
  },
  {
    name: "backfills",
    async run({ status, log }) {
      const found = valueIn(status);
      if (!found) return [];
      const open = backfillsOf(found, valueIn(log)).filter(({ state }) => state !== "done");
      if (open.length === 0) return [ok("none was interrupted")];
      return open.map((file) =>
        file.state === "interrupted"
          ? warning(backfillText(file), `"${goOnCommand(file)}" goes on with it.`)
          : ok(backfillText(file)),
      );
    },
  },
  {
    name: "integrity",
    async run({ settings: { dataDir, broker } }) {
      const file = join(dataDir, STORE_FILE);
      if (!existsSync(file)) return [];
      const complaints = quickCheck(file);
      if (complaints.length === 0) return [ok("SQLite's quick check finds nothing")];
      return [
        failed(
          `${file} is damaged: ${complaints.join("; ")}`,
          `Restore the data directory from a copy, or ${broker === "kafka" ? ANEW_FROM_TOPIC : ASIDE}.`,
        ),
      ];
    },
  },
];

const NOTABLE_SHARE = 0.05;
const DEAD = '"loanstream dlq list" shows them; repaired ones "loanstream dlq retry" sends again.';
const LATE = "Raise delay in pipeline.yaml; ";
const LATE_ANEW = '"loanstream rebuild TABLE" takes in what the log still keeps';
const DUPLICATE =
  "Let whoever sends send each event once; a generator that is started again needs another seed.";

/** What became of all that was taken in. */
function ledgerFindings(ledger: SourceLedger, log: string | null, whyDead: () => string): readonly Finding[] {
  const { read, accepted, late, duplicate, dead } = ledger;
  const notable = (some: number) => some > 0 && some >= read * NOTABLE_SHARE;
  const of = (some: number, are: string) => `${count(some)} of ${counted(read, "record")} ${are}`;
  const findings = [
    ...(notable(dead) ? [warning(of(dead, `are dead, lately most of them for ${whyDead()}`), DEAD)] : []),
    ...(notable(late) ? [warning(of(late, "came too late"), lateRemedy(log))] : []),
    ...(notable(duplicate) ? [warning(of(duplicate, "were there before"), DUPLICATE)] : []),
  ];
  return findings.length > 0 ? findings : [ok(of(accepted, "were accepted"))];
}

const lateRemedy = (log: string | null): string =>
  `${LATE}${isEmbedded(log) ? LATE_ANEW : `to have them counted, ${ANEW_FROM_TOPIC}`}.`;

const NEWEST_LETTERS = 1000;

/** Throws what `storeError` gives. */
function commonestFault(file: string): string {
  try {
    using database = openToRead(file);
    const letters = deadReader(database)({ limit: NEWEST_LETTERS, newestFirst: true });
    return commonest(letters.map(({ path, reason }) => `${path} ${reason}`));
  } catch (error) {
    throw storeError(error, file);
  }
}

/** Throws what `storeError` gives. */
function quickCheck(file: string): readonly string[] {
  try {
    using database = openToRead(file);
    const rows = database.prepare(`PRAGMA quick_check(${MOST_COMPLAINTS})`).all();
    return rows.map(({ quick_check: said }) => String(said)).filter((said) => said !== "ok");
  } catch (error) {
    throw storeError(error, file);
  }
}
