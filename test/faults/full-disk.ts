/** A place with little room: a file system of its own where mounting is allowed. */
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";

export interface SmallDisk {
  /** Gives it so much room. */
  resize(megabytes: number): void;
  unmount(): void;
}

/** Null where this process may not mount. */
export function mountSmallDisk(directory: string, megabytes: number): SmallDisk | null {
  mkdirSync(directory, { recursive: true });
  const mount = (options: string): boolean =>
    spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", directory]).status === 0;
  if (!mount(`size=${megabytes}m`)) return null;
  return {
    resize: (size) => void mount(`remount,size=${size}m`),
    unmount: () => void spawnSync("umount", [directory]),
  };
}

/** Runs the rest of a command such that none of its files grows beyond a size: a write then fails. */
export function withFileLimit(kibibytes: number): readonly string[] {
  return ["bash", "-c", `trap "" XFSZ; ulimit -f ${kibibytes}; exec "$@"`, "bash"];
}
