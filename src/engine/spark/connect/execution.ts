/** Runs a plan so that a broken connection loses nothing: the operation goes on, and is attached to again. */
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Client, ConnectError } from "@connectrpc/connect";
import { isPassing } from "./failure.ts";
import type {
  ExecutePlanResponse,
  PlanSchema,
  SparkConnectService,
} from "./generated/spark/connect/base_pb.js";

export type Plan = MessageInitShape<typeof PlanSchema>;

/** A client and the session that it speaks for. */
export interface Connection {
  readonly client: Client<typeof SparkConnectService>;
  readonly identity: {
    readonly sessionId: string;
    readonly userContext: { readonly userId: string; readonly userName: string };
    readonly clientType: string;
  };
}

const MAX_FAILURES_IN_A_ROW = 6;
const FIRST_DELAY_MS = 50;

/**
 * Every response to a plan, once each and in order. Throws Spark's ConnectError as it is.
 * A server ends a long stream without a fault too; that is not the result's end.
 */
export async function* execute(connection: Connection, plan: Plan): AsyncGenerator<ExecutePlanResponse> {
  const operation = { ...connection.identity, operationId: randomUUID() };
  let stream = start(connection, operation, plan);
  let lastResponseId: string | undefined;
  let failures = 0;
  while (true) {
    let unknownOperation = false;
    try {
      for await (const response of stream) {
        failures = 0;
        lastResponseId = response.responseId;
        if (response.responseType.case === "resultComplete") return release(connection, operation);
        yield response;
      }
    } catch (thrown) {
      const error = ConnectError.from(thrown);
      unknownOperation = lastResponseId === undefined && isUnknownOperation(error);
      failures++;
      if (failures >= MAX_FAILURES_IN_A_ROW || !(unknownOperation || isPassing(error))) throw error;
      await delay(FIRST_DELAY_MS * 2 ** failures);
    }
    stream = unknownOperation
      ? start(connection, operation, plan)
      : connection.client.reattachExecute({
          ...operation,
          ...(lastResponseId === undefined ? {} : { lastResponseId }),
        });
  }
}

type Operation = Connection["identity"] & { readonly operationId: string };

const start = ({ client }: Connection, operation: Operation, plan: Plan) =>
  client.executePlan({
    ...operation,
    plan,
    requestOptions: [{ requestOption: { case: "reattachOptions", value: { reattachable: true } } }],
  });

/** The request never came to the server, so that it can be sent again. */
const isUnknownOperation = (error: ConnectError) =>
  error.rawMessage.includes("INVALID_HANDLE.OPERATION_NOT_FOUND");

/** Lets the server forget its copy of the result; it would also do so by itself after some minutes. */
async function release({ client }: Connection, operation: Operation): Promise<void> {
  await client.releaseExecute({ ...operation, release: { case: "releaseAll", value: {} } }).catch(() => {});
}
