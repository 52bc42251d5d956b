/** The data directory as the file system has it. */
import { accessSync, constants, existsSync, readdirSync, statfsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { whyUnwritable } from "../directories.ts";
import { LOG_FOLDER } from "../eventlog/open-reader.ts";
import { size } from "../output/quantities.ts";
import { type Check, failed, ok, warning } from "./check.ts";
import type { Subject } from "./subject.ts";

export interface FileSystem {
  /** As `statfs` numbers its kinds. */
  readonly type: number;
  readonly freeBytes: number;
}

const LEAST_FREE_BYTES = 1 << 30;
/** With less, log and tables soon stop. */
const NEEDED_BYTES = 64 << 20;

/** Of linux/magic.h and the file systems' own headers. */
const NOT_LOCAL: ReadonlyMap<number, string> = new Map([
  [0x6969, "NFS"],
  [0x517b, "SMB"],
  [0xff534d42, "CIFS"],
  [0xfe534d42, "SMB2"],
  [0x65735546, "FUSE"],
  [0x01021997, "9P"],
  [0x5346414f, "AFS"],
  [0x00c36400, "Ceph"],
]);
const TMPFS = 0x01021994;
const WITHOUT_FILES: ReadonlyMap<number, string> = new Map([
  [0x9fa0, "proc"],
  [0x62656572, "sysfs"],
]);

const ANOTHER = "Name another by --data-dir.";
const ROOM = "Free some, or keep less: log.retention and log.max_size of pipeline.yaml.";

export function directoryChecks(fileSystemOf: (path: string) => FileSystem): readonly Check<Subject>[] {
  return [
    {
      name: "data directory",
      async run({ settings: { dataDir } }) {
        const there = existing(dataDir);
        if (!statSync(there).isDirectory()) return [failed(`${there} is no directory`, ANOTHER)];
        const unwritable = whyNotWritable(there, fileSystemOf);
        if (unwritable !== null) return [failed(`${there} can't be written: ${unwritable}`, ANOTHER)];
        return [
          ok(
            existsSync(dataDir) ? `${dataDir} can be written` : `${dataDir} isn't there yet, and can be made`,
          ),
        ];
      },
    },
    {
      name: "disk",
      async run({ settings: { dataDir } }) {
        const { type, freeBytes } = fileSystemOf(existing(dataDir));
        const free = `${size(freeBytes)} free`;
        const full = freeBytes < NEEDED_BYTES ? [failed(`${free}, which soon stops a run`, ROOM)] : [];
        const network = NOT_LOCAL.get(type);
        if (network !== undefined)
          return [
            ...full,
            warning(
              `${free} on ${network}, where locks and syncs may not hold`,
              "Name one on a local disk by --data-dir.",
            ),
          ];
        if (type === TMPFS)
          return [
            ...full,
            warning(`${free} in memory, which a restart empties`, "Name one on a disk by --data-dir."),
          ];
        if (full.length > 0) return full;
        if (freeBytes < LEAST_FREE_BYTES) return [warning(free, ROOM)];
        return [ok(free)];
      },
    },
    {
      name: "permissions",
      async run({ settings: { dataDir } }) {
        const open = ownFiles(dataDir).filter(
          (path) => ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o077) !== 0,
        );
        if (open.length === 0) return existsSync(dataDir) ? [ok("for this user alone")] : [];
        const [first] = open;
        const found = `others may open ${first}${open.length > 1 ? ` and ${open.length - 1} more` : ""}`;
        return [failed(found, `Run: chmod -R go-rwx '${dataDir}'`)];
      },
    },
  ];
}

export function nodeFileSystem(path: string): FileSystem {
  const { type, bavail, bsize } = statfsSync(path);
  return { type: type >>> 0, freeBytes: bavail * bsize };
}

/** The path, or what there is of it. */
function existing(path: string): string {
  let at = resolve(path);
  while (!existsSync(at)) at = dirname(at);
  return at;
}

/** Null where it can be. */
function whyNotWritable(path: string, fileSystemOf: (path: string) => FileSystem): string | null {
  const kind = WITHOUT_FILES.get(fileSystemOf(path).type);
  if (kind !== undefined) return `${kind} keeps no files`;
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return null;
  } catch (error) {
    return whyUnwritable(error);
  }
}

/** The directory, and what of it holds events as they came or a token. SQLite's files lie behind the directory's mode. */
function ownFiles(directory: string): readonly string[] {
  const log = join(directory, LOG_FOLDER);
  const inLog = existsSync(log) ? readdirSync(log).map((name) => join(log, name)) : [];
  return [directory, join(directory, "run.json"), log, ...inLog].filter((path) => existsSync(path));
}
