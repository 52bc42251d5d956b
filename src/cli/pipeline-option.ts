/** The pipeline that a command works with. */
import { fileURLToPath } from "node:url";
import { loadPipeline } from "../pipeline/load.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";

/** The folder named by `--pipeline`, or the default one of the package. */
export function pipelineDirectory(option: string | null): string {
  return option ?? fileURLToPath(new URL("../../pipeline", import.meta.url));
}

/** Loads that folder. Throws what is wrong with it. */
export function pipelineFrom(option: string | null): Pipeline {
  return loadPipeline(pipelineDirectory(option));
}
