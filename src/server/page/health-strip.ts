/** The first line of the page: whether it runs, how fast, how far, and where every record went. */
import { timeOfDay } from "../../output/time-text.ts";
import type { Progress } from "../../store/store.ts";
import type { State, Status } from "../parts.ts";
import { type Content, type Markup, markup } from "./markup.ts";
import { durationText } from "./words.ts";

export interface HealthView {
  readonly status: Status;
  /** Null while there is no store. */
  readonly progress: Progress | null;
  /** Null while there is no store. */
  readonly alerts: number | null;
  /** What is said where there is no store. */
  readonly unread: string;
  readonly timeZone: string;
  readonly nowMs: number;
}

const STATES: Readonly<Record<State, string>> = {
  recovering: "Restoring state",
  history: "Taking in the past",
  live: "Live",
  draining: "Draining",
  failed: "Stopped",
};

export function healthStrip({ status, progress, alerts, unread, timeZone, nowMs }: HealthView): Markup {
  const { state, failure, ratePerSecond, lag } = status;
  const time = timeOfDay(timeZone, nowMs);
  const watermarkMs = progress?.watermarkMs ?? null;
  return markup`<dl>
${item("State", markup`<span class="state ${state}">${STATES[state]}</span>`, stateNote(status, nowMs))}
${item("Rate", markup`${ratePerSecond.toFixed(1)}<small> events/s</small>`, `lag ${counted(lag)}`)}
${item("Watermark", watermarkMs === null ? "–" : time(watermarkMs), watermarkMs === null ? (progress === null ? unread : "nothing read yet") : `${timeZone}, ${ageText(nowMs - watermarkMs)} ago`)}
${item("Alerts", alerts === null ? "–" : counted(alerts), alerts === null ? unread : "raised so far")}
${progress === null ? item("Ledger", "–", unread, "ledger") : ledgerItem(progress)}
</dl>${failure === null ? null : markup`<p class="failure" role="alert">${failure.message}. ${failure.remedy}</p>`}`;
}

function item(label: string, value: Content, note: Content, kind = ""): Markup {
  return markup`<div class="item ${kind}"><dt>${label}</dt><dd>${value}</dd><dd class="note">${note}</dd></div>`;
}

function stateNote({ state, history, startedAtMs }: Status, nowMs: number): Content {
  if (state === "history" && history) {
    const of = Math.round(history.of);
    return markup`<progress max="${of}" value="${history.done}">${history.done}</progress> ${counted(history.done)} of about ${counted(of)}`;
  }
  const up = `up ${ageText(nowMs - startedAtMs)}`;
  return state === "recovering" ? `and reopening the stream, ${up}` : up;
}

function ledgerItem(progress: Progress): Markup {
  const { read, accepted, late, duplicate, dead } = progress.ledger?.source ?? {
    read: 0,
    accepted: 0,
    late: 0,
    duplicate: 0,
    dead: 0,
  };
  const sum = Object.entries({ accepted, late, duplicate, dead }).map(
    ([name, count], i) => markup`${i === 0 ? "= " : "+ "}${counted(count)}<small> ${name} </small>`,
  );
  return item(
    "Ledger",
    markup`${counted(read)}<small> read </small>${sum}`,
    "where every record went",
    "ledger",
  );
}

/** Ages in whole units, so that the strip stays still. */
function ageText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  return durationText(seconds < 7200 ? Math.floor(seconds / 60) * 60_000 : seconds * 1000);
}

function counted(count: number): string {
  return count.toLocaleString("en-US");
}
