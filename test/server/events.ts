/** Reads server-sent events as they come. */

export interface ServerEvent {
  readonly event: string;
  readonly id: string;
  readonly data: string;
}

/** Ends when the reply ends; leaving the loop closes the connection. */
export async function* events(response: Response): AsyncGenerator<ServerEvent> {
  if (response.body === null) return;
  let text = "";
  let id = "";
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const blocks = (text + chunk).split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const fields = new Map(
        block.split("\n").map((line) => [line.split(": ")[0], line.replace(/^\w+: /, "")]),
      );
      id = fields.get("id") ?? id;
      const data = fields.get("data");
      if (data !== undefined) yield { event: fields.get("event") ?? "message", id, data };
    }
  }
}

/** The first so many. */
export async function take(response: Response, count: number): Promise<readonly ServerEvent[]> {
  const taken: ServerEvent[] = [];
  if (count === 0) await response.body?.cancel();
  else
    for await (const event of events(response)) {
      taken.push(event);
      if (taken.length === count) break;
    }
  return taken;
}
