/**
 * CPU an event of the streaming queries on Spark, and of what they have in common, beside the embedded engine over the
 * same events. Each query runs twice in one session; the second time counts. Before anything is printed, both engines are
 * found to have sent the same.
 *
 *     node bench/spark.ts [--events N] [--rate N] [--records N] [--rounds N] [--only NAME,…]
 *                         [--conf NAME=VALUE] [--source NAME=VALUE] [--java=OPTION]
 *
 * Starts a broker and a Spark server of its own: SPARK=4 the newest 4.x. --rate is events a second of their own time,
 * --records those of a batch. With --only nothing is compared. Settings of the session, of the source and of Java's
 * compilers may be given several times. Needs Java 17, Maven, and Linux, whose /proc tells the time of threads.
 */
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { assertEqualSent } from "../test/parity/stream-compare.ts";
import { type Sent, sentByEmbedded } from "../test/parity/stream-runs.ts";
import type { Spent } from "./spark/cpu.ts";
import { openPlace, type Place, pipeline } from "./spark/place.ts";
import { defineViews, type Ends, endsOfOutputs, everyWork, type Run, run, sentBehind } from "./spark/runs.ts";

const { values } = parseArgs({
  options: {
    events: { type: "string", default: "120000" },
    rate: { type: "string", default: "1000" },
    records: { type: "string", default: "30000" },
    rounds: { type: "string", default: "2" },
    only: { type: "string", default: everyWork.map(({ name }) => name).join() },
    conf: { type: "string", multiple: true, default: [] },
    source: { type: "string", multiple: true, default: [] },
    java: { type: "string", multiple: true, default: [] },
  },
});
const [events, records] = [Number(values.events), Number(values.records)];
const work = everyWork.filter(({ name }) => values.only.split(",").includes(name));

const settingsOf = (texts: readonly string[]) =>
  Object.fromEntries(
    texts.map((text) => {
      const [name = "", ...value] = text.split("=");
      return [name, value.join("=")];
    }),
  );

/** The events of a batch come from all partitions alike. */
function embedded({ partitions }: Place): { readonly sent: readonly Sent[]; readonly us: number } {
  const before = process.cpuUsage();
  const sent = sentByEmbedded(pipeline, partitions, records / partitions.length);
  const { user, system } = process.cpuUsage(before);
  return { sent, us: user + system };
}

interface Round {
  readonly runs: readonly Run[];
  readonly before: Ends;
}

async function runAll(place: Place, round: number): Promise<Round> {
  const before = await endsOfOutputs(place);
  const runs: Run[] = [];
  for (const each of work) runs.push(await run(place, each, round));
  return { runs, before };
}

const COLUMNS = [
  "tasks",
  "collector",
  "compiler",
  "rest",
  "sum",
  "ratio",
  "batches",
  "ms each",
  "state rows",
  "MB",
];

const line = (name: string, cells: readonly (string | number)[]): string =>
  `${name.padEnd(12)}${cells.map((cell) => String(cell).padStart(11)).join("")}`;

const micros = (us: number): string => (us / events).toFixed(us / events < 100 ? 1 : 0);

function costs({ tasks, collector, compiler, rest }: Spent, embeddedUs: number): readonly string[] {
  const sum = tasks + collector + compiler + rest;
  return [...[tasks, collector, compiler, rest, sum].map(micros), (sum / embeddedUs).toFixed(1)];
}

const added = (all: readonly Spent[]): Spent => ({
  tasks: all.reduce((sum, { tasks }) => sum + tasks, 0),
  collector: all.reduce((sum, { collector }) => sum + collector, 0),
  compiler: all.reduce((sum, { compiler }) => sum + compiler, 0),
  rest: all.reduce((sum, { rest }) => sum + rest, 0),
});

function report(rounds: readonly Round[], embeddedUs: number): readonly string[] {
  const shown = (runs: readonly Run[]) => {
    const all = work.flatMap(({ isQuery }, place) => (isQuery ? [runs[place]!.spent] : []));
    return [
      ...work.map(({ name }, place) => {
        const { spent, wallMs, batches, stateRows, stateBytes } = runs[place]!;
        const megabytes = Math.round(stateBytes / 1e6);
        return line(name, [
          ...costs(spent, embeddedUs),
          batches,
          Math.round(wallMs / batches),
          stateRows,
          megabytes,
        ]);
      }),
      line("all queries", costs(added(all), embeddedUs)),
    ];
  };
  return rounds.flatMap(({ runs }, round) => [line(`run ${round + 1}`, COLUMNS), ...shown(runs)]);
}

const place = await openPlace({
  ...{ events, eventsASecond: Number(values.rate) },
  ...{ conf: settingsOf(values.conf), java: values.java },
});
try {
  await defineViews(place, { records, source: settingsOf(values.source) });
  const rounds: Round[] = [];
  for (let round = 1; round <= Number(values.rounds); round++) rounds.push(await runAll(place, round));
  embedded(place);
  const { sent, us } = embedded(place);
  if (everyWork.every((each) => work.includes(each)))
    assertEqualSent(pipeline, sent, await sentBehind(place, rounds.at(-1)!.before));
  console.log(
    `µs of CPU an event, ${events} events in batches of ${records}, Spark ${await place.spark.version()}, load average ${loadavg()[0]!.toFixed(1)}`,
  );
  console.log(`embedded engine: ${micros(us)}, ${sent.length} messages`);
  for (const text of report(rounds, us)) console.log(text);
} finally {
  await place.close();
}
