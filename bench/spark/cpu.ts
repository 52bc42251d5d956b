/** What a Java process spends its time on, from Linux' `/proc`: microseconds since its start. */
import { readdirSync, readFileSync } from "node:fs";

export interface Spent {
  /** Spark's tasks: the events. */
  readonly tasks: number;
  readonly collector: number;
  /** Java's own, which in time has done its work. */
  readonly compiler: number;
  /** Planning, Kafka's client, checkpoints, threads that have ended and the processes that were started. */
  readonly rest: number;
}

export interface Clock {
  readonly wholeUs: number;
  readonly threads: ReadonlyMap<string, { readonly name: string; readonly us: number }>;
}

export function clockOf(pid: number): Clock {
  const threads = readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
    const stat = statOf(`/proc/${pid}/task/${thread}/stat`);
    return stat === null ? [] : [[thread, { name: stat.name, us: stat.ownUs }] as const];
  });
  const stat = statOf(`/proc/${pid}/stat`);
  if (stat === null) throw new Error(`process ${pid} has ended`);
  return { wholeUs: stat.ownUs + stat.childrenUs, threads: new Map(threads) };
}

export function between(before: Clock, after: Clock): Spent {
  const spent = { tasks: 0, collector: 0, compiler: 0 };
  for (const [thread, { name, us }] of after.threads) {
    const kind = KINDS.find(({ pattern }) => pattern.test(name))?.kind;
    if (kind) spent[kind] += us - (before.threads.get(thread)?.us ?? 0);
  }
  const { tasks, collector, compiler } = spent;
  return { ...spent, rest: after.wholeUs - before.wholeUs - tasks - collector - compiler };
}

/** Linux keeps 15 letters of a thread's name. The serial collector works in the virtual machine's own thread. */
const KINDS = [
  { kind: "tasks", pattern: /^Executor task/ },
  { kind: "collector", pattern: /^(GC |G1 |VM Thread)/ },
  { kind: "compiler", pattern: /^C[12] Compiler/ },
] as const;

const US_A_TICK = 10_000;

/** proc_pid_stat(5): the name in brackets, which may hold spaces; own time is the 14th and 15th field, children's the next. */
function statOf(file: string) {
  const text = read(file);
  if (text === null) return null;
  const end = text.lastIndexOf(")");
  const fields = text.slice(end + 2).split(" ");
  const us = (field: number) => Number(fields[field - 3]) * US_A_TICK;
  return {
    name: text.slice(text.indexOf("(") + 1, end),
    ownUs: us(14) + us(15),
    childrenUs: us(16) + us(17),
  };
}

/** Null once the thread has ended. */
function read(file: string): string | null {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return null;
  }
}

/** The Java that a script started. */
export function javaBelow(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").trim().split(" ");
  const java = children.find((child) => read(`/proc/${child}/comm`)?.trim() === "java");
  if (java === undefined) throw new Error(`process ${pid} runs no Java`);
  return Number(java);
}
