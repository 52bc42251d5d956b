/** Every command by name. Modules load only when they are asked for, so that `--help` is immediate. */
import type { Command } from "./command.ts";

export interface CommandEntry {
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

export const commands: ReadonlyMap<string, CommandEntry> = new Map<string, CommandEntry>([
  [
    "run",
    {
      summary: "Stream applications through the pipeline, with live tables in the terminal",
      load: async () => (await import("./run.ts")).run,
    },
  ],
  [
    "analyze",
    {
      summary: "Run the pipeline over files and write its tables",
      load: async () => (await import("./analyze.ts")).analyze,
    },
  ],
]);
