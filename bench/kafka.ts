/**
 * What a run on Kafka does: how long an event takes from the broker to its scored row in the broker, and how much of a
 * processor it takes. Each is checked against the run's ledger before a line is printed.
 *
 *     node bench/kafka.ts [--rate N] [--seconds N] [--events N]
 *
 * Starts brokers of its own, on this machine. Needs Java 17 and Maven.
 */
import { parseArgs } from "node:util";
import { drain } from "./kafka/drain.ts";
import { latency } from "./kafka/latency.ts";

const { values } = parseArgs({
  options: {
    rate: { type: "string", default: "5000" },
    seconds: { type: "string", default: "20" },
    events: { type: "string", default: "500000" },
  },
});

process.stdout.write(await latency({ eventsASecond: Number(values.rate), seconds: Number(values.seconds) }));
process.stdout.write(await drain(Number(values.events)));
