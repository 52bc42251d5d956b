/** Topics of rows and alerts: the changes of their tables, by the one sequence that orders all of them. */
import type { DataReader } from "./data-reader.ts";
import type { Page, PositionedRecords } from "./positioned-records.ts";
import type { ChangeToRecord } from "./row-record.ts";
import type { TopicRecord } from "./topics.ts";

export function changeRecords(
  tables: ReadonlyMap<string, ChangeToRecord>,
  data: DataReader,
): PositionedRecords {
  const names = [...tables.keys()];

  async function read(from: number, limit: number): Promise<Page> {
    const changes = data.store()?.changes(names, from - 1, limit) ?? [];
    const records = changes.flatMap((change) => tables.get(change.table)?.(change) ?? []);
    const last = changes.at(-1);
    return { records, next: last ? last.seq + 1 : from };
  }

  function newestOf(table: string, beforeSeq: number): TopicRecord | null {
    const [newest] = data.store()?.rows(table, { limit: 1, beforeSeq }) ?? [];
    return newest ? (tables.get(table)?.(newest) ?? null) : null;
  }

  return {
    bounds: async () => ({ start: 0, end: (data.store()?.progress().seq ?? 0) + 1 }),
    read,
    async last(before) {
      const newest = names.map((name) => newestOf(name, before)).filter((record) => record !== null);
      return newest.sort((a, b) => b.position - a.position)[0] ?? null;
    },
    count: async () => names.reduce((sum, name) => sum + (data.store()?.count(name) ?? 0), 0),
  };
}
