/** The page: complete without a script, kept up to date by one. It knows of a pipeline only what that says of itself. */
import type { Pipeline } from "../../pipeline/pipeline.ts";
import type { Board } from "./board.ts";
import { type Markup, markup } from "./markup.ts";
import type { Panel } from "./panel.ts";
import { heading } from "./words.ts";

export function page(pipeline: Pipeline, board: Board): string {
  const parts = new Map(board.now().map(({ id, content }) => [id, content]));
  const outputs = [...new Set(pipeline.tables.map(({ output }) => output))];
  const sections = outputs.map((output) => {
    const panels = board.panels.filter(({ table }) => table.output === output);
    return section(output, panels, parts);
  });
  const { html } = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>loanstream</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/page.css">
<script src="/page.js" defer></script>
</head>
<body>
<a class="skip" href="#main">Skip to the tables</a>
<header class="top">
<h1>loanstream</h1>
<nav aria-label="Analyses"><a href="#alerts">Alerts</a>${outputs.map((output) => markup`<a href="#output-${output}">${heading(output)}</a>`)}</nav>
<p id="connection" role="status"></p>
</header>
<section class="health" aria-label="Pipeline health">
<p id="announcement" class="unseen" aria-live="polite"></p>
<div id="health" data-time-zone="${pipeline.timeZone}">${parts.get("health") ?? null}</div>
</section>
<main id="main">
<section aria-labelledby="title-alerts">
<h2 id="title-alerts">Alerts</h2>
<div class="panel" id="alerts">${parts.get("alerts") ?? null}</div>
</section>
${sections}
</main>
<footer><p>Times in ${pipeline.timeZone}. The same rows as JSON: <a href="/v1/tables">/v1/tables</a>, as they change: /v1/stream.</p></footer>
</body>
</html>
`;
  return html;
}

function section(output: string, panels: readonly Panel[], parts: ReadonlyMap<string, Markup>): Markup {
  const articles = sideBySide(panels).map(
    ({ name, whole }) =>
      markup`<article class="panel${whole ? " whole" : ""}" id="table-${name}" aria-labelledby="title-${name}">${parts.get(`table-${name}`) ?? null}</article>\n`,
  );
  return markup`<section id="output-${output}" aria-labelledby="title-output-${output}">
<h2 id="title-output-${output}">${heading(output)}</h2>
<div class="panels">${articles}</div>
</section>
`;
}

/** Two narrow panels stand side by side; one that has no neighbour has the whole width. */
function sideBySide(panels: readonly Panel[]): readonly { readonly name: string; readonly whole: boolean }[] {
  let left: Panel | null = null;
  const paired = new Set<Panel>();
  for (const panel of panels) {
    if (left && !panel.wide) {
      paired.add(left).add(panel);
      left = null;
    } else left = panel.wide ? null : panel;
  }
  return panels.map((panel) => ({ name: panel.table.name, whole: !paired.has(panel) }));
}
