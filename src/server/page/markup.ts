/** HTML as a value of its own, so that a text can't get into a page unescaped. */

export interface Markup {
  readonly html: string;
}

export type Content = string | number | Markup | readonly Content[] | null;

/** ``markup`<td>${text}</td>` `` */
export function markup(strings: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  const rest = contents.map((content, i) => `${htmlOf(content)}${strings[i + 1]}`);
  return { html: `${strings[0]}${rest.join("")}` };
}

function htmlOf(content: Content): string {
  if (content === null) return "";
  if (typeof content === "number") return String(content);
  if (typeof content === "string") return escaped(content);
  return "html" in content ? content.html : content.map(htmlOf).join("");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}
