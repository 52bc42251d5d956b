/** The contract of whoever makes commits known beside the store: each once, whatever ends when. */
import type { DeadLetter, RecordPlace, TableRows } from "../engine/engine.ts";
import type { Positions } from "../eventlog/positions.ts";

/** A record of the log as it came, without a line end. */
export interface CameRecord extends RecordPlace {
  readonly record: Uint8Array;
}

/** Where the engine triggered, and which partitions had unread records then. */
export interface TriggerPoint {
  readonly positions: Positions;
  readonly unread: readonly number[];
}

/** How far a commit came. */
export interface Mark {
  readonly seq: number;
  readonly positions: Positions;
  /** The last trigger of this commit or one before; null before the first. */
  readonly triggered: TriggerPoint | null;
}

/** Which commit was published last; all of the ones before were. */
export interface Published extends Mark {
  /** Of the store that it was a commit of. */
  readonly storeId: string;
}

/** What a commit wrote. */
export interface Publication extends Mark {
  /** Rows of tables, and of the alerts over them, as the engine put them out; of alerts those alone that are new. */
  readonly tables: readonly TableRows[];
  readonly late: readonly CameRecord[];
  readonly dead: readonly (CameRecord & DeadLetter)[];
}

export interface Publisher {
  /** Null where nothing was published yet. */
  readonly published: Published | null;
  /** Before each commit: throws `kafka.fenced` where another instance has taken over. Waits for what passes. */
  begin(): Promise<void>;
  /**
   * After the commit: resolves once it is certain that readers of committed records see it, each record once. Throws
   * `kafka.fenced`, and what doesn't pass.
   */
  publish(publication: Publication): Promise<void>;
  /** Where there is nothing to publish, now and then: throws `kafka.fenced` as `begin`. Waits for nothing that passes. */
  look(): Promise<void>;
  close(): Promise<void>;
}
