/** What somebody should look at, the last first. */

import type { RaisedAlert } from "../../output/alert.ts";
import { timeOfDay } from "../../output/time-text.ts";
import { type Markup, markup } from "./markup.ts";
import { heading } from "./words.ts";

/** @param nothing what is said where there is none */
export function alertsPanel(
  newest: readonly RaisedAlert[],
  nothing: string,
  timeZone: string,
  nowMs: number,
): Markup {
  if (newest.length === 0) return markup`<p class="nothing">${nothing}</p>`;
  const time = timeOfDay(timeZone, nowMs);
  const lines = newest.map(
    ({ severity, alert, message, eventTimeMs, table }) => markup`<tr>
<td class="time">${eventTimeMs === null ? "–" : time(eventTimeMs)}</td>
<td><span class="severity ${severity}">${severity}</span></td>
<td>${heading(alert)}</td>
<td class="message" title="${message}">${withShortIds(message)}</td>
<td class="source"><a href="#table-${table}">${heading(table)}</a></td>
</tr>
`,
  );
  return markup`<div class="scroll alerts" role="region" tabindex="0" aria-labelledby="title-alerts"><table>
<thead><tr><th scope="col">Time</th><th scope="col">Severity</th><th scope="col">Alert</th><th scope="col">What happened</th><th scope="col">Seen in</th></tr></thead>
<tbody>
${lines}</tbody></table></div>`;
}

/** Of an identifier its first block tells enough. */
function withShortIds(text: string): string {
  return text.replaceAll(/\b([\da-f]{8})(?:-[\da-f]{4}){3}-[\da-f]{12}\b/g, "$1");
}
