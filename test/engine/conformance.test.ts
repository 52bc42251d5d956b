import { embeddedEngine } from "../../src/engine/embedded/engine.ts";
import { engineConformance } from "../conformance/engine.ts";

engineConformance(async () => embeddedEngine);
