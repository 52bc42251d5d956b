/** Relations as Spark Connect takes them: what a query or a view reads. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { RelationSchema } from "./generated/spark/connect/relations_pb.js";

export type Relation = MessageInitShape<typeof RelationSchema>;

export const sqlText = (query: string): Relation => ({ relType: { case: "sql", value: { query } } });

export const viewNamed = (name: string): Relation => ({
  relType: {
    case: "read",
    value: { readType: { case: "namedTable", value: { unparsedIdentifier: name } } },
  },
});

/** What a data source gives, for as long as it gives: `kafka` with Kafka's options. */
export const streamOf = (format: string, options: Readonly<Record<string, string>>): Relation => ({
  relType: {
    case: "read",
    value: {
      isStreaming: true,
      readType: { case: "dataSource", value: { format, options: { ...options } } },
    },
  },
});

/** What Spark 3.5 has no SQL for. */
export const withWatermark = (input: Relation, eventTime: string, delayMs: number): Relation => ({
  relType: { case: "withWatermark", value: { input, eventTime, delayThreshold: `${delayMs} milliseconds` } },
});

export const dropDuplicatesWithinWatermark = (input: Relation, columns: readonly string[]): Relation => ({
  relType: { case: "deduplicate", value: { input, columnNames: [...columns], withinWatermark: true } },
});

export const localRelation = (data: Uint8Array): Relation => ({
  relType: { case: "localRelation", value: { data } },
});

/** The relation with metadata, a JSON object, on one of its columns. */
export const withMetadata = (input: Relation, column: string, metadata: object): Relation => ({
  relType: {
    case: "withColumns",
    value: {
      input,
      aliases: [{ name: [column], metadata: JSON.stringify(metadata), expr: columnNamed(column) }],
    },
  },
});

/** The relation itself; each batch tells in its progress what the aggregates over its rows are, by their names. */
export const observed = (
  input: Relation,
  name: string,
  aggregates: Readonly<Record<string, string>>,
): Relation => ({
  relType: {
    case: "collectMetrics",
    value: {
      input,
      name,
      metrics: Object.entries(aggregates).map(([alias, sql]) => ({
        exprType: {
          case: "alias" as const,
          value: {
            name: [alias],
            expr: { exprType: { case: "expressionString" as const, value: { expression: sql } } },
          },
        },
      })),
    },
  },
});

const columnNamed = (column: string) => ({
  exprType: {
    case: "unresolvedAttribute" as const,
    value: { unparsedIdentifier: `\`${column.replaceAll("`", "``")}\`` },
  },
});
