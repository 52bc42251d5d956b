/**
 * Events as JSON lines, keys in the order of `pipeline/schema.yaml`. What the events of an application have in
 * common is written once and remembered while there is room; written anew, it is the same byte for byte, so that
 * decided and funded repeat what was submitted.
 */
import type { Application, Course, Step } from "./application.ts";
import { drawTechnical } from "./delivery.ts";
import {
  type Line,
  piece,
  pieces,
  put,
  putByte,
  putFraction,
  putInteger,
  putRange,
  putText,
  putUuid,
} from "./line.ts";
import type { Random } from "./random.ts";
import type { Kept } from "./shelf.ts";
import { createSnapshotWriter, putWord, type SnapshotRendering } from "./snapshot.ts";
import { type Channel, channels } from "./world.ts";

export interface Renderer {
  /** Writes the parts that this step's event needs and that are not there yet. */
  prepare(kept: Kept, application: Application, step: Step, startedMs: number): void;
  /** Writes the event of parts that are there; `random` stands where its id is drawn (see `drawAgainLagMs`). */
  put(line: Line, kept: Kept, course: Course, step: Step, timeMs: number): void;
}

const clients = {
  web: "web/4",
  mobile_app: "app/7",
  branch: "desk/3",
  broker: "desk/3",
  call_center: "desk/3",
  partner_api: "api/2",
} as const;

const text = {
  eventId: piece('{"event_id":"'),
  types: pieces(
    ["started", "submitted", "abandoned", "decided", "funded"],
    (type) => `","event_type":"${type}","event_time":"`,
  ),
  quote: piece('"'),
  outcome: piece(',"decision":{"outcome":"'),
  mode: piece('","mode":"'),
  reasons: piece('","reasons":['),
  approvedAmount: piece('],"approved_amount_cents":'),
  noAmount: piece("]"),
  decidedAt: piece(',"decided_at":"'),
  processing: piece('","processing_ms":'),
  offeredRate: piece(',"offered_rate":'),
  funded: piece(',"funded_cents":'),
  technical: piece(',"technical":{'),
  pageLoad: piece('"page_load_ms":'),
  comma: piece(","),
  apiLatency: piece('"api_latency_ms":'),
  errors: piece(',"errors":'),
  httpStatus: piece(',"http_status":'),
  clients: pieces(channels, (channel) => `,"client_version":"${clients[channel]}.`),
  end: piece('"}'),
  closing: piece("}"),
};
const comma = 44;
const quote = 34;

export function createRenderer(rendering: SnapshotRendering): Renderer {
  const { random, putTime } = rendering;
  const snapshot = createSnapshotWriter(rendering);

  const prepare: Renderer["prepare"] = (kept, application, step, startedMs) => {
    if (step === 0 || !application.submits) return snapshot.writeStarted(kept, application, startedMs);
    snapshot.writeSubmitted(kept, application, startedMs);
    if (step === 1 || kept.decisionEnd > 0) return;
    kept.line.at = kept.submittedEnd;
    putDecision(kept.line, application, startedMs, putTime);
    kept.decisionEnd = kept.line.at;
  };

  const putEvent: Renderer["put"] = (line, kept, course, step, timeMs) => {
    const { bytes } = kept.line;
    put(line, text.eventId);
    putUuid(line, random);
    put(line, text.types[eventType(course, step)]);
    putTime(line, timeMs);
    put(line, text.quote);
    if (step === 0 || !course.submits) {
      putRange(line, bytes, 0, kept.startedEnd);
      put(line, text.closing);
    } else {
      putRange(line, bytes, kept.startedEnd, step === 1 ? kept.submittedEnd : kept.decisionEnd);
    }
    if (step === 3) putFunded(line, course);
    if (step > 1) put(line, text.closing);
    else if (step === 0 || course.submits) putTechnical(line, random, course.channel);
    put(line, text.closing);
  };

  return { prepare, put: putEvent };
}

function eventType({ submits }: Course, step: Step) {
  if (step === 1) return submits ? "submitted" : "abandoned";
  return step === 0 ? "started" : step === 2 ? "decided" : "funded";
}

/** Without its end, since a funded event adds to it. */
function putDecision(
  line: Line,
  { decision, mode, stepsMs }: Application,
  startedMs: number,
  putTime: SnapshotRendering["putTime"],
): void {
  put(line, text.outcome);
  putWord(line, decision.outcome);
  put(line, text.mode);
  putWord(line, mode);
  put(line, text.reasons);
  for (const [place, reason] of decision.reasons.entries()) {
    if (place > 0) putByte(line, comma);
    putByte(line, quote);
    putWord(line, reason);
    putByte(line, quote);
  }
  if (decision.approvedAmountCents === null) {
    put(line, text.noAmount);
  } else {
    put(line, text.approvedAmount);
    putInteger(line, decision.approvedAmountCents);
  }
  put(line, text.decidedAt);
  putTime(line, startedMs + (stepsMs[2] ?? 0));
  put(line, text.processing);
  putInteger(line, (stepsMs[2] ?? 0) - (stepsMs[1] ?? 0));
  if (decision.offeredRate !== null) {
    put(line, text.offeredRate);
    putFraction(line, decision.offeredRate);
  }
}

function putFunded(line: Line, { fundedCents }: Course): void {
  put(line, text.funded);
  putInteger(line, fundedCents);
}

function putTechnical(line: Line, random: Random, channel: Channel): void {
  const { pageLoadMs, apiLatencyMs, errors, httpStatus, clientMinor } = drawTechnical(random, channel);
  put(line, text.technical);
  if (pageLoadMs !== null) {
    put(line, text.pageLoad);
    putInteger(line, pageLoadMs);
    put(line, text.comma);
  }
  put(line, text.apiLatency);
  putInteger(line, apiLatencyMs);
  put(line, text.errors);
  putInteger(line, errors);
  put(line, text.httpStatus);
  putWord(line, httpStatus);
  put(line, text.clients[channel]);
  putText(line, clientMinor);
  put(line, text.end);
}

/** The application's id, as its events have it. */
export function putApplicationId(line: Line, random: Random, number: number, member: number): void {
  random.seek("ids", number, member);
  putUuid(line, random);
}
