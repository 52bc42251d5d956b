/** Names, streets, places and employers, drawn once from Faker; people are combinations of them. */
import { Buffer } from "node:buffer";
import { base, de, en, en_US, es, Faker } from "@faker-js/faker";
import { type Line, piece, putByte } from "./line.ts";

/** Texts side by side in few bytes, since people are picked at random and each text would be a miss of the cache. */
export interface Pool {
  readonly size: number;
  readonly bytes: Uint8Array;
  /** Where each text ends, and the next one begins. */
  readonly ends: Uint32Array;
}

/** Texts as they stand between the quotes of a JSON string; mailboxes as they may stand in an e-mail address. */
export interface Names {
  readonly first: Pool;
  readonly firstMailboxes: Pool;
  readonly last: Pool;
  readonly lastMailboxes: Pool;
  readonly streets: Pool;
  readonly cities: Pool;
  /** States and postal codes of the cities, by place. */
  readonly states: Pool;
  readonly postalCodes: Pool;
  readonly employers: Pool;
}

const drawn = new Map<number, Names>();

/** Made once a seed: most of a generator's start goes into it. */
export function namesOfSeed(seed: number): Names {
  const names = drawn.get(seed) ?? drawNames(seed);
  if (drawn.size >= 8) drawn.clear();
  drawn.set(seed, names);
  return names;
}

function drawNames(seed: number): Names {
  const american = seeded(new Faker({ locale: [en_US, en, base] }), seed);
  const spanish = seeded(new Faker({ locale: [es, en, base] }), seed);
  const german = seeded(new Faker({ locale: [de, en, base] }), seed);
  const first = [
    ...draw(600, () => american.person.firstName()),
    ...draw(120, () => spanish.person.firstName()),
    ...draw(40, () => german.person.firstName()),
  ];
  const last = [
    ...draw(1200, () => american.person.lastName()),
    ...draw(240, () => spanish.person.lastName()),
    ...draw(80, () => german.person.lastName()),
  ];
  const streets = draw(1500, () => american.location.street());
  const places = draw(800, () => place(american));
  const employers = draw(800, () => american.company.name());
  return {
    first: pool(first.map(jsonInner)),
    firstMailboxes: pool(first.map(mailboxOf)),
    last: pool(last.map(jsonInner)),
    lastMailboxes: pool(last.map(mailboxOf)),
    streets: pool(streets.map(jsonInner)),
    cities: pool(places.map(({ city }) => jsonInner(city))),
    states: pool(places.map(({ state }) => state)),
    postalCodes: pool(places.map(({ postalCode }) => postalCode)),
    employers: pool(employers.map(jsonInner)),
  };
}

function pool(texts: readonly string[]): Pool {
  const pieces = texts.map(piece);
  let end = 0;
  const ends = Uint32Array.from(pieces, ({ length }) => {
    end += length;
    return end;
  });
  return { size: texts.length, bytes: new Uint8Array(Buffer.concat(pieces)), ends };
}

/** Writes one of a pool's texts. */
export function putFrom(line: Line, { bytes, ends }: Pool, index: number): void {
  const from = index === 0 ? 0 : (ends[index - 1] ?? 0);
  const to = ends[index] ?? 0;
  for (let i = from; i < to; i += 1) line.bytes[line.at + i - from] = bytes[i] ?? 0;
  line.at += to - from;
}

/** Writes the first letter of one of a pool's texts. */
export function putInitial(line: Line, { bytes, ends }: Pool, index: number): void {
  putByte(line, bytes[index === 0 ? 0 : (ends[index - 1] ?? 0)] ?? 0);
}

function seeded(faker: Faker, seed: number): Faker {
  faker.seed([seed % 0x1_0000_0000, Math.floor(seed / 0x1_0000_0000)]);
  return faker;
}

function draw<Item>(count: number, make: () => Item): Item[] {
  return Array.from({ length: count }, make);
}

function place(faker: Faker) {
  const state = faker.location.state({ abbreviated: true });
  return {
    city: faker.location.city(),
    state,
    postalCode: faker.location.zipCode({ state, format: "#####" }),
  };
}

function mailboxOf(text: string): string {
  return (
    text
      .normalize("NFD")
      .toLowerCase()
      .replaceAll(/[^a-z]/g, "") || "user"
  );
}

function jsonInner(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
