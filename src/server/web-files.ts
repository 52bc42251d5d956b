/** The page's own files, read once: the browser gets nothing from elsewhere. */
import { readFileSync } from "node:fs";

export interface WebFile {
  /** Where it is served. */
  readonly path: string;
  readonly type: string;
  readonly text: string;
}

const FILES = { "page.css": "text/css", "page.js": "text/javascript", "icon.svg": "image/svg+xml" };

export function readWebFiles(): readonly WebFile[] {
  return Object.entries(FILES).map(([name, type]) => ({
    path: `/${name}`,
    type: `${type}; charset=utf-8`,
    text: readFileSync(new URL(`../../web/${name}`, import.meta.url), "utf8"),
  }));
}
