/** Names, streets, places and employers, drawn once from Faker; people are combinations of them. */
import { base, de, en, en_US, es, Faker } from "@faker-js/faker";

/** A text as it stands between the quotes of a JSON string, and as it may stand in an e-mail address. */
export interface Name {
  readonly json: string;
  readonly mailbox: string;
}

export interface Place {
  readonly cityJson: string;
  readonly state: string;
  readonly postalCode: string;
}

export interface Names {
  readonly first: readonly Name[];
  readonly last: readonly Name[];
  readonly streetsJson: readonly string[];
  readonly places: readonly Place[];
  readonly employersJson: readonly string[];
}

export function drawNames(seed: number): Names {
  const american = seeded(new Faker({ locale: [en_US, en, base] }), seed);
  const spanish = seeded(new Faker({ locale: [es, en, base] }), seed);
  const german = seeded(new Faker({ locale: [de, en, base] }), seed);
  return {
    first: [
      ...draw(600, () => name(american.person.firstName())),
      ...draw(120, () => name(spanish.person.firstName())),
      ...draw(40, () => name(german.person.firstName())),
    ],
    last: [
      ...draw(1200, () => name(american.person.lastName())),
      ...draw(240, () => name(spanish.person.lastName())),
      ...draw(80, () => name(german.person.lastName())),
    ],
    streetsJson: draw(1500, () => jsonInner(american.location.street())),
    places: draw(800, () => place(american)),
    employersJson: draw(800, () => jsonInner(american.company.name())),
  };
}

function seeded(faker: Faker, seed: number): Faker {
  faker.seed([seed % 0x1_0000_0000, Math.floor(seed / 0x1_0000_0000)]);
  return faker;
}

function draw<Item>(count: number, make: () => Item): Item[] {
  return Array.from({ length: count }, make);
}

function place(faker: Faker): Place {
  const state = faker.location.state({ abbreviated: true });
  return {
    cityJson: jsonInner(faker.location.city()),
    state,
    postalCode: faker.location.zipCode({ state, format: "#####" }),
  };
}

function name(text: string): Name {
  return { json: jsonInner(text), mailbox: mailboxOf(text) };
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
