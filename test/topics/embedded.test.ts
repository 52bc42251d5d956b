import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { openDataTopics } from "../../src/topics/embedded.ts";
import { isOfSource } from "../../src/topics/topic-list.ts";
import { describeTopics } from "../conformance/topics.ts";
import { fill, pipeline } from "./data.ts";

const scratch = mkdtempSync(join(tmpdir(), "loanstream-topics-"));
after(() => rmSync(scratch, { recursive: true }));

describeTopics("a data directory", () => {
  const directory = join(mkdtempSync(join(scratch, "data-")), "not-yet");
  return {
    open: () => openDataTopics(directory, pipeline),
    fill: (events) => fill(directory, events),
    keptMs: (topic) => (isOfSource(topic) ? pipeline.log.retentionMs : null),
  };
});
