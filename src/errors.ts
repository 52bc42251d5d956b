/**
 * The one catalogue of errors. Every complaint that a user can meet has a row here, and `docs/errors.md`
 * lists them; a test holds the two together.
 */

interface CatalogueRow {
  /** Whether the same call may succeed later without anybody changing anything. */
  readonly retryable: boolean;
  readonly exitCode: ExitCode;
}

/** 1: the work failed; 2: bad usage or configuration; 3: another does the work now, and who starts this again ends that. */
export type ExitCode = 1 | 2 | 3;

const configuration: CatalogueRow = { retryable: false, exitCode: 2 };
const failure: CatalogueRow = { retryable: false, exitCode: 1 };
const passing: CatalogueRow = { retryable: true, exitCode: 1 };
const replaced: CatalogueRow = { retryable: false, exitCode: 3 };

export const catalogue = {
  "alert.invalid-name": configuration,
  "alert.not-a-condition": configuration,
  "alert.unknown-table": configuration,
  "alert.unsupported-key": configuration,
  "alert.wrong-message": configuration,
  "description.missing-column": configuration,
  "description.unknown-column": configuration,
  "dlq.dead-again": failure,
  "dlq.invalid-letter": failure,
  "dlq.not-dead": failure,
  "dlq.undecided": failure,
  "engine.replay-differs": failure,
  "engine.snapshot-mismatch": configuration,
  "engine.sum-overflow": failure,
  "evaluate.no-score": configuration,
  "evaluate.one-class": failure,
  "file.csv-malformed": failure,
  "file.parquet-malformed": failure,
  "file.parquet-unsupported": failure,
  "file.unreadable": failure,
  "file.unwritable": failure,
  "generator.other-schema": configuration,
  "init.not-empty": configuration,
  "internal.unexpected": failure,
  "kafka.authentication-failed": configuration,
  "kafka.authorisation-refused": configuration,
  "kafka.fenced": replaced,
  "kafka.message-too-large": failure,
  "kafka.offset-out-of-range": failure,
  "kafka.raw-identifier": failure,
  "kafka.refused": failure,
  "kafka.timeout": passing,
  "kafka.tls": configuration,
  "kafka.topic-exists": failure,
  "kafka.topic-missing": configuration,
  "kafka.topic-replaced": failure,
  "kafka.unavailable": passing,
  "kafka.unreachable": passing,
  "kafka.version": configuration,
  "kafka.wrong-listener": passing,
  "log.corrupt": failure,
  "log.disk-full": failure,
  "log.failed": failure,
  "log.position-gone": failure,
  "log.record-has-line-end": failure,
  "model.cycle": configuration,
  "model.unknown": configuration,
  "pipeline.invalid": configuration,
  "pipeline.missing-file": configuration,
  "publish.apart": failure,
  "publish.other-store": failure,
  "publish.unknown-outputs": failure,
  "request.invalid-body": configuration,
  "request.invalid-parameter": configuration,
  "request.malformed": configuration,
  "request.not-found": configuration,
  "request.too-large": configuration,
  "request.unauthorized": configuration,
  "request.unknown-table": configuration,
  "request.wrong-host": configuration,
  "request.wrong-method": configuration,
  "schema.invalid": configuration,
  "schema.unsupported": configuration,
  "scorecard.bands-unordered": configuration,
  "scorecard.duplicate-bin": configuration,
  "scorecard.invalid-name": configuration,
  "scorecard.loss-without-reason": configuration,
  "scorecard.no-else-bin": configuration,
  "scorecard.no-null-bin": configuration,
  "scorecard.not-a-condition": configuration,
  "scorecard.protected-column": configuration,
  "scorecard.reason-without-field": configuration,
  "scorecard.unknown-reason": configuration,
  "scorecard.unreachable-bin": configuration,
  "server.bad-host": configuration,
  "server.not-ready": passing,
  "server.port-in-use": failure,
  "server.unreachable": passing,
  "settings.invalid-variable": configuration,
  "settings.unknown-variable": configuration,
  "spark.checkpoint-in-use": failure,
  "spark.connector-missing": configuration,
  "spark.directory-gone": failure,
  "spark.elsewhere": failure,
  "spark.not-trusted": configuration,
  "spark.offsets-gone": failure,
  "spark.other-checkpoint": configuration,
  "spark.pipeline-changed": configuration,
  "spark.query-failed": failure,
  "spark.session-lost": passing,
  "spark.several-partitions": failure,
  "spark.unreachable": passing,
  "spark.unsupported-type": failure,
  "spark.version": configuration,
  "sql.argument-count": configuration,
  "sql.duplicate-column": configuration,
  "sql.explode": configuration,
  "sql.group-key": configuration,
  "sql.literal-required": configuration,
  "sql.misplaced-aggregate": configuration,
  "sql.misplaced-window": configuration,
  "sql.nested-aggregate": configuration,
  "sql.no-window": configuration,
  "sql.non-monotone-having": configuration,
  "sql.not-grouped": configuration,
  "sql.out-of-range": configuration,
  "sql.pii-exposed": configuration,
  "sql.star": configuration,
  "sql.sum-of-doubles": configuration,
  "sql.syntax": configuration,
  "sql.table-key": configuration,
  "sql.two-windows": configuration,
  "sql.type-mismatch": configuration,
  "sql.unknown-column": configuration,
  "sql.unknown-function": configuration,
  "sql.unknown-relation": configuration,
  "sql.unnamed-column": configuration,
  "sql.unsupported": configuration,
  "sql.window-column": configuration,
  "sql.window-end": configuration,
  "sql.window-size": configuration,
  "stack.busy": passing,
  "stack.data-unusable": failure,
  "stack.died": failure,
  "stack.maven-failed": passing,
  "stack.no-java": failure,
  "stack.no-log": failure,
  "stack.no-maven": failure,
  "stack.other-runs": failure,
  "stack.port-in-use": failure,
  "store.behind-log": failure,
  "store.corrupt": failure,
  "store.disk-full": failure,
  "store.failed": failure,
  "store.in-use": failure,
  "store.locked": passing,
  "store.other-log": failure,
  "store.owner-lost": failure,
  "store.pipeline-changed": configuration,
  "store.unreadable": failure,
  "test.invalid-example": configuration,
  "test.unknown-base": configuration,
  "topic.unknown": configuration,
  "usage.invalid": configuration,
  "why.ambiguous": failure,
  "why.unknown": failure,
  "yaml.duplicate-key": configuration,
  "yaml.invalid": configuration,
  "yaml.missing-key": configuration,
  "yaml.unknown-key": configuration,
  "yaml.wrong-type": configuration,
  "yaml.wrong-value": configuration,
} as const satisfies Record<string, CatalogueRow>;

export type ErrorCode = keyof typeof catalogue;

/** Where something is wrong. Lines and columns count from 1; `path` is a JSON path such as `$.loan.product`. */
export interface Place {
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly path?: string;
  /** `host:port` of the broker that was asked. */
  readonly broker?: string;
  readonly topic?: string;
  readonly partition?: number;
}

/** One complaint: what is wrong, where, and what to do about it. */
export interface Diagnostic {
  readonly code: ErrorCode;
  readonly message: string;
  readonly remedy: string;
  readonly place: Place;
}

/** Thrown at the edges; carries every complaint that was found, not only the first. */
export class LoanstreamError extends Error {
  readonly diagnostics: readonly [Diagnostic, ...Diagnostic[]];

  constructor(diagnostics: readonly [Diagnostic, ...Diagnostic[]], cause?: unknown) {
    super(diagnostics.map(formatDiagnostic).join("\n"), { cause });
    this.name = "LoanstreamError";
    this.diagnostics = diagnostics;
  }

  get retryable(): boolean {
    return this.diagnostics.every(({ code }) => catalogue[code].retryable);
  }

  get exitCode(): ExitCode {
    return catalogue[this.diagnostics[0].code].exitCode;
  }
}

/** Throws if anything was found. */
export function throwIfAny(diagnostics: readonly Diagnostic[]): void {
  const [first, ...rest] = diagnostics;
  if (first) throw new LoanstreamError([first, ...rest]);
}

export function fail(code: ErrorCode, message: string, remedy: string, place: Place = {}): LoanstreamError {
  return new LoanstreamError([{ code, message, remedy, place }]);
}

/** Whether its first complaint is one of these. */
export const hasCode = (error: unknown, ...codes: readonly ErrorCode[]): error is LoanstreamError =>
  error instanceof LoanstreamError && codes.includes(error.diagnostics[0].code);

/** `models/risk.sql:3:8: unknown column "amout" [sql.unknown-column]. Write "amount_cents".` */
export function formatDiagnostic({ code, message, remedy, place }: Diagnostic): string {
  const { file, line, column, path, broker, topic, partition } = place;
  const where = [file, line, column, path, broker, topic, partition].filter((part) => part !== undefined);
  return `${where.length > 0 ? `${where.join(":")}: ` : ""}${message} [${code}]. ${remedy}`;
}
