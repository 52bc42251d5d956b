/**
 * Whether a pipeline may go on where another stopped: every event that was accepted must be one that this one accepts,
 * with the same values. The delay may change, since it only decides from then on.
 */
import type { EventSchema, Leaf, Requirement } from "../contract/schema.ts";
import type { Pipeline } from "./pipeline.ts";

/** What forbids it, each as a sentence without its end; none where the pipeline may go on. */
export function sourceObjections(before: Pipeline, after: Pipeline): readonly string[] {
  const old = new Map(before.schema.leaves.map((leaf) => [leaf.path, leaf]));
  return [
    ...settingObjections(before, after),
    ...after.schema.leaves.flatMap((leaf) => {
      const was = old.get(leaf.path);
      return was ? leafObjections(was, leaf) : [];
    }),
    ...formObjections(before.schema, after.schema),
    ...requirementObjections(before.schema, after.schema),
  ];
}

function settingObjections({ source: was }: Pipeline, { source: is }: Pipeline): readonly string[] {
  const changed = (name: string, before: string | null, after: string | null) =>
    before === after ? [] : [`source.${name} is ${after ?? "left out"}, was ${before ?? "left out"}`];
  return [
    ...changed("event_time", was.eventTime, is.eventTime),
    ...changed("event_id", was.eventId, is.eventId),
  ];
}

/** An object where a value stood, or the other way round. */
function formObjections(before: EventSchema, after: EventSchema): readonly string[] {
  const turned = (one: EventSchema, other: EventSchema) =>
    one.leaves.filter(({ path }) => isObject(path, other)).map(({ path }) => path);
  const toObject = turned(before, after).map((path) => `${path} is an object, was a value`);
  return [...toObject, ...turned(after, before).map((path) => `${path} is a value, was an object`)];
}

function leafObjections(was: Leaf, is: Leaf): readonly string[] {
  if (was.type.kind !== is.type.kind || was.format !== is.format)
    return [`${is.path} has another type or format`];
  const narrower = [
    ...(isAbove(is.minimum, was.minimum) ? ["minimum"] : []),
    ...(isBelow(is.maximum, was.maximum) ? ["maximum"] : []),
    ...(isBelow(is.maxLength, was.maxLength) ? ["maxLength"] : []),
    ...(isSubset(is.values, was.values) ? ["enum"] : []),
  ];
  return narrower.map((keyword) => `${is.path} has a narrower ${keyword}`);
}

/** Null is no bound. */
function isAbove(bound: number | null, was: number | null): boolean {
  return bound !== null && (was === null || bound > was);
}

function isBelow(bound: number | null, was: number | null): boolean {
  return bound !== null && (was === null || bound < was);
}

function isSubset(values: readonly string[] | null, was: readonly string[] | null): boolean {
  return values !== null && (was === null || was.some((value) => !values.includes(value)));
}

/** An object is none of the leaves: it is where leaves begin with its path. */
function isObject(path: string, { leaves }: EventSchema): boolean {
  return leaves.some((leaf) => leaf.path.startsWith(`${path}.`));
}

/** A field may be required less often than it was, or where no event has come yet; never more often. */
function requirementObjections(was: EventSchema, is: EventSchema): readonly string[] {
  const known = new Set(
    was.requirements.flatMap(({ when, paths }) => paths.flatMap((path) => atoms(when, path))),
  );
  const values = new Map(was.leaves.map((leaf) => [leaf.path, leaf.values]));
  const isNewValue = (path: string, value: string) => values.get(path)?.includes(value) === false;
  const mayLack = ({ when, paths }: Requirement) =>
    paths.filter((path) => {
      const possible = when && {
        ...when,
        values: when.values.filter((value) => !isNewValue(when.path, value)),
      };
      return !known.has(path) && atoms(possible, path).some((atom) => !known.has(atom));
    });
  const missing = is.requirements.flatMap(mayLack).filter((path) => !isInNewObject(path, was));
  return [...new Set(missing)].map((path) => `${path} is required where it was not`);
}

function isInNewObject(path: string, was: EventSchema): boolean {
  const parent = path.slice(0, Math.max(0, path.lastIndexOf(".")));
  return parent !== "" && !isObject(parent, was);
}

/** One text where the path must be there, or one for each value for which it must. */
function atoms(when: Requirement["when"], path: string): readonly string[] {
  return when === null ? [path] : when.values.map((value) => JSON.stringify([path, when.path, value]));
}
