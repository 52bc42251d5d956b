/**
 * Speed of the generator: events a CPU-second of this process, all its threads counted, written as bytes into a
 * buffer. Each run is paired with a second one whose SHA-256 must be the same; hashing is not counted.
 *
 *     node bench/generator.ts [--events N] [--rate R] [--runs N]
 */
import { createHash } from "node:crypto";
import { parseArgs } from "node:util";
import { createLine } from "../src/generator/line.ts";
import { createEventStream, mostEventBytes } from "../src/generator/stream.ts";

const { values } = parseArgs({
  options: {
    events: { type: "string", default: "600000" },
    rate: { type: "string", default: "3" },
    runs: { type: "string", default: "4" },
  },
});
const events = Number(values.events);
const ratePerSecond = Number(values.rate);
const chunkBytes = 1 << 20;

interface Run {
  readonly digest: string;
  readonly bytes: number;
  readonly cpuSeconds: number;
}

function run(seed: number): Run {
  const hash = createHash("sha256");
  const line = createLine(chunkBytes + mostEventBytes);
  let bytes = 0;
  let before = process.cpuUsage();
  let microseconds = 0;
  const stream = createEventStream({ seed, startMs: Date.UTC(2026, 0, 5), ratePerSecond });
  for (let written = 0; written < events; ) {
    line.at = 0;
    for (; written < events && line.at < chunkBytes; written += 1) {
      stream.next(line);
      line.bytes[line.at] = 10;
      line.at += 1;
    }
    const used = process.cpuUsage(before);
    microseconds += used.user + used.system;
    hash.update(line.bytes.subarray(0, line.at));
    bytes += line.at;
    before = process.cpuUsage();
  }
  return { digest: hash.digest("hex"), bytes, cpuSeconds: microseconds / 1e6 };
}

run(0);
for (let pair = 1; pair <= Number(values.runs); pair += 1) {
  const runs = [run(pair), run(pair)];
  const [first, second] = runs;
  if (first?.digest !== second?.digest) throw new Error(`two runs of seed ${pair} differ`);
  const speeds = runs.map(({ cpuSeconds }) => Math.round(events / cpuSeconds));
  const size = Math.round((first?.bytes ?? 0) / events);
  process.stdout.write(
    `seed ${pair}  ${speeds.join("  ")} events a CPU-second, ${size} bytes each, sha256 ${first?.digest.slice(0, 16)}\n`,
  );
}
