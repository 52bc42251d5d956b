/** The client's errors, and the broker's, as errors of the catalogue. Nothing of a record, and no secret, goes in. */
import {
  AuthenticationError,
  ProtocolError,
  protocolErrorsCodesById,
  TimeoutError,
  UnsupportedCompressionError,
  UserError,
} from "@platformatic/kafka";
import { type ErrorCode, fail, LoanstreamError, type Place } from "../errors.ts";

/** What was going on. */
export interface About extends Pick<Place, "broker" | "topic" | "partition"> {
  /** Of the broker, where that isn't one of the addresses that the user gave. */
  readonly advertised?: boolean;
  /** As ACLs name it: `Write`, `Read`, `Describe`, … */
  readonly operation?: string;
  /** As ACLs name it: `Topic loan.applications`, `Group scoring`. */
  readonly resource?: string;
}

interface Told {
  readonly code: ErrorCode;
  readonly message: string;
  readonly remedy: string;
}

/** Any error of a call as one of the catalogue; one that is already, as it is. */
export function translate(error: unknown, about: About): LoanstreamError {
  const chain = unfold(error);
  const known = chain.find((one) => one instanceof LoanstreamError);
  if (known) return known;
  const { code, message, remedy } = tell(chain, about);
  return fail(code, message, remedy, placeOf(about));
}

/** The broker's error by its name, such as `MESSAGE_TOO_LARGE`. */
export function brokerError(name: string, detail: string | null, about: About): LoanstreamError {
  const { code, message, remedy } = byName(name, detail, about);
  return fail(code, message, remedy, placeOf(about));
}

/** Of a topic of that name that is another one. */
export function topicReplaced(topic: string): LoanstreamError {
  const remedy = "Start again from its beginning; positions of before mean nothing now.";
  return fail("kafka.topic-replaced", "the topic was deleted and made again", remedy, { topic });
}

/** `MESSAGE_TOO_LARGE` of 10. */
export const brokerErrorOf = (code: number): string =>
  Object.entries(protocolErrorsCodesById).find(([known]) => Number(known) === code)?.[1] ?? `error ${code}`;

const nameOf = (error: ProtocolError): string => String(Reflect.get(error, "apiId"));

function placeOf({ broker, topic, partition }: About): Place {
  return {
    ...(broker === undefined ? {} : { broker }),
    ...(topic === undefined ? {} : { topic }),
    ...(partition === undefined ? {} : { partition }),
  };
}

/** The error with all that caused it or that it gathers, outermost first. */
function unfold(error: unknown, seen: unknown[] = []): readonly unknown[] {
  if (error === null || typeof error !== "object" || seen.includes(error)) return seen;
  seen.push(error);
  if (error instanceof Error) unfold(error.cause, seen);
  if (error instanceof AggregateError) for (const inner of error.errors) unfold(inner, seen);
  return seen;
}

function tell(chain: readonly unknown[], about: About): Told {
  const protocol = chain.find((one) => one instanceof ProtocolError);
  if (protocol instanceof ProtocolError) {
    return byName(nameOf(protocol), text(Reflect.get(protocol, "serverErrorMessage")), about);
  }
  if (chain.some((one) => one instanceof AuthenticationError))
    return byName("SASL_AUTHENTICATION_FAILED", null, about);
  const messages = chain.map((one) => (one instanceof Error ? one.message : ""));
  const codes = chain.map((one) => text(Reflect.get(Object(one), "code")) ?? "");
  return wrongProtocol(chain, messages) ?? certificate(codes) ?? network(chain, codes, messages, about);
}

const text = (value: unknown): string | null => (typeof value === "string" ? value : null);

function wrongProtocol(chain: readonly unknown[], messages: readonly string[]): Told | null {
  const says = (part: string) =>
    chain.some((one, at) => one instanceof UserError && messages[at]?.includes(part));
  if (says("requires TLS")) {
    return told(
      "kafka.tls",
      "the listener speaks TLS: wrong listener, or kafka.security lacks ssl",
      TLS_REMEDY,
    );
  }
  if (says("TLS handshake failed")) {
    return told(
      "kafka.tls",
      "the listener doesn't speak TLS: wrong listener, or kafka.security has ssl",
      TLS_REMEDY,
    );
  }
  if (says("SASL mechanism")) return byName("UNSUPPORTED_SASL_MECHANISM", null, {});
  return chain.some((one) => one instanceof UnsupportedCompressionError)
    ? told("kafka.refused", "a batch is compressed in an unknown way", "Use lz4, zstd, snappy, gzip or none.")
    : null;
}

const TLS_REMEDY = "Set kafka.security to what the listener speaks, or name the port of the other listener.";

/** Of OpenSSL's verification and of Node's own check of names. */
const CERTIFICATE =
  /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL|ERR_OSSL|EPROTO|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE/;

function certificate(codes: readonly string[]): Told | null {
  const code = codes.find((one) => CERTIFICATE.test(one));
  if (code === undefined) return null;
  const remedy =
    "Let kafka.ssl.ca_file name the certificate of the authority that signed the broker's, and reach the broker " +
    "by a name that its certificate holds.";
  return told("kafka.tls", `TLS failed (${code})`, remedy);
}

const NO_CONNECTION = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL)$/;

function network(
  chain: readonly unknown[],
  codes: readonly string[],
  messages: readonly string[],
  about: About,
): Told {
  const timedOut = chain.some((one) => one instanceof TimeoutError);
  if (timedOut && messages.some((one) => one === "Request timed out")) {
    const remedy = "Look at the broker's load and log; it may succeed later.";
    return told("kafka.timeout", "the broker took the request and didn't answer in time", remedy);
  }
  const code = codes.find((one) => NO_CONNECTION.test(one));
  if (about.advertised && (code !== undefined || timedOut)) return advertised(code ?? "no answer");
  const passing = chain.some((one) => text(Reflect.get(Object(one), "code"))?.startsWith("PLT_KFK_NETWORK"));
  if (code === undefined && !passing) return unexpected(chain);
  const why = code ?? (timedOut ? "no answer" : "the connection was closed");
  return told("kafka.unreachable", `no broker answers (${why})`, UNREACHABLE_REMEDY);
}

const UNREACHABLE_REMEDY =
  'Start the broker ("make up"), or correct kafka.bootstrap; a listener that asks for SASL or TLS closes plain connections.';

const advertised = (why: string): Told =>
  told(
    "kafka.wrong-listener",
    `the broker says that it is to be reached here, and it isn't (${why})`,
    "Start the broker, or correct its advertised.listeners to an address that can be reached from here.",
  );

function unexpected(chain: readonly unknown[]): Told {
  const [outer] = chain;
  const what = outer instanceof Error ? outer.message : "no error at all";
  return told("internal.unexpected", `the Kafka client failed: ${what}`, "Report it.");
}

const told = (code: ErrorCode, message: string, remedy: string): Told => ({ code, message, remedy });

const MISSING =
  'Create the topic ("loanstream topics create --broker kafka"), or correct its name; one that the user may not describe looks missing.';

const rows: Readonly<Record<string, Told>> = {
  SASL_AUTHENTICATION_FAILED: told(
    "kafka.authentication-failed",
    "the broker doesn't accept the user's name and password",
    "Correct kafka.sasl.username and kafka.sasl.password.",
  ),
  UNSUPPORTED_SASL_MECHANISM: told(
    "kafka.authentication-failed",
    "the broker doesn't offer this SASL mechanism",
    "Set kafka.sasl.mechanism to one that the listener offers.",
  ),
  ILLEGAL_SASL_STATE: told(
    "kafka.authentication-failed",
    "the listener doesn't expect SASL now: wrong listener, or kafka.security doesn't fit it",
    "Set kafka.security to what the listener speaks.",
  ),
  UNKNOWN_TOPIC_OR_PARTITION: told(
    "kafka.topic-missing",
    "the broker has no such topic or partition",
    MISSING,
  ),
  UNKNOWN_TOPIC_ID: told("kafka.topic-missing", "the topic is gone", MISSING),
  MESSAGE_TOO_LARGE: told(
    "kafka.message-too-large",
    "a record is larger than the topic allows",
    "Raise max.message.bytes of the topic, or send less in one record.",
  ),
  OFFSET_OUT_OF_RANGE: told(
    "kafka.offset-out-of-range",
    "the partition doesn't hold the offset asked for",
    "Begin at the oldest that is kept, or raise the topic's retention.",
  ),
  INVALID_PRODUCER_EPOCH: told(
    "kafka.fenced",
    "another process took over this transactional id",
    "Look whether a second instance runs on purpose; this one must not write any more.",
  ),
  UNSUPPORTED_VERSION: told(
    "kafka.version",
    "the broker doesn't know this version of a request",
    "Upgrade the broker to Kafka 3.1 or later.",
  ),
  REQUEST_TIMED_OUT: told(
    "kafka.timeout",
    "the brokers didn't do it in time",
    "Look whether enough replicas are in sync; it may succeed later.",
  ),
  TOPIC_ALREADY_EXISTS: told(
    "kafka.topic-exists",
    "the topic exists already",
    "Delete it first, or use it as it is.",
  ),
};

const alike: Readonly<Record<string, string>> = {
  PRODUCER_FENCED: "INVALID_PRODUCER_EPOCH",
  TRANSACTION_COORDINATOR_FENCED: "INVALID_PRODUCER_EPOCH",
  RECORD_LIST_TOO_LARGE: "MESSAGE_TOO_LARGE",
};

const PASSING = new Set([
  ...["LEADER_NOT_AVAILABLE", "NOT_LEADER_OR_FOLLOWER", "REPLICA_NOT_AVAILABLE", "NETWORK_EXCEPTION"],
  ...["COORDINATOR_LOAD_IN_PROGRESS", "COORDINATOR_NOT_AVAILABLE", "NOT_COORDINATOR", "NOT_CONTROLLER"],
  ...["NOT_ENOUGH_REPLICAS", "NOT_ENOUGH_REPLICAS_AFTER_APPEND", "BROKER_NOT_AVAILABLE", "CORRUPT_MESSAGE"],
  ...["CONCURRENT_TRANSACTIONS", "KAFKA_STORAGE_ERROR", "FENCED_LEADER_EPOCH", "UNKNOWN_LEADER_EPOCH"],
  ...["OFFSET_NOT_AVAILABLE", "UNSTABLE_OFFSET_COMMIT", "THROTTLING_QUOTA_EXCEEDED", "INCONSISTENT_TOPIC_ID"],
]);

function byName(name: string, detail: string | null, about: About): Told {
  if (name.endsWith("_AUTHORIZATION_FAILED")) return refused(name, about);
  const row = rows[alike[name] ?? name];
  if (row) return row;
  if (PASSING.has(name)) {
    return told(
      "kafka.unavailable",
      `the broker can't do it now (${name})`,
      "Try again; it passes by itself.",
    );
  }
  const why = detail === null ? name : `${name}: ${detail.replaceAll(/\s+/g, " ")}`;
  return told("kafka.refused", `the broker refused (${why})`, "Do what Kafka's error says.");
}

/** `TOPIC_AUTHORIZATION_FAILED`: what the ACL would have to allow. */
function refused(name: string, { operation, resource, topic }: About): Told {
  const kind = name.replace("_AUTHORIZATION_FAILED", "");
  const ofTopic = kind === "TOPIC" && topic !== undefined ? `Topic ${topic}` : null;
  const what = ofTopic ?? resource ?? kind.toLowerCase().replaceAll("_", " ");
  const doing = operation ?? "that operation";
  return told(
    "kafka.authorisation-refused",
    `the user may not ${doing} on ${what}`,
    `Allow it (kafka-acls --add --operation ${doing}), or use another user.`,
  );
}
