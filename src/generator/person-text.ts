/** What names a person, as JSON: made only when it is written. The tax id itself never leaves this file. */
import type { Applicant } from "./applicant.ts";
import type { Name, Names, Place } from "./names.ts";
import type { Random } from "./random.ts";
import { uuid } from "./text.ts";
import type { Tokenise } from "./token.ts";

export interface PersonText {
  readonly applicantId: string;
  readonly firstNameJson: string;
  readonly lastNameJson: string;
  readonly email: string;
  readonly emailToken: string;
  readonly phone: string;
  readonly phoneToken: string;
  readonly taxToken: string;
  readonly streetJson: string;
  readonly place: Place;
  readonly employerJson: string;
}

const nicknames = [
  "sunny",
  "blue",
  "river",
  "tiger",
  "moon",
  "rocket",
  "happy",
  "lucky",
  "storm",
  "maple",
] as const;
/** Reserved for examples (RFC 2606): no mail can reach anybody. */
const mailHosts = ["example.com", "example.org", "example.net", "mail.example.com"] as const;

/** @param nameEmailSimilarity decides whether the address is made of the name */
export function drawPersonText(
  random: Random,
  names: Names,
  tokenise: Tokenise,
  { stream, taxIdType }: Applicant,
  nameEmailSimilarity: number,
): PersonText {
  random.seek("person", stream.number, stream.branch);
  const applicantId = uuid(random);
  const first = pick(random, names.first);
  const last = pick(random, names.last);
  const email = drawEmail(random, first, last, nameEmailSimilarity);
  const phone = `+1${201 + random.below(789)}555${digits(random.below(10_000), 4)}`;
  const taxId = drawTaxId(random, taxIdType);
  return {
    applicantId,
    firstNameJson: first.json,
    lastNameJson: last.json,
    email,
    emailToken: tokenise(email),
    phone,
    phoneToken: tokenise(phone),
    taxToken: tokenise(taxId),
    streetJson: `${1 + random.below(9_900)} ${pick(random, names.streetsJson)}`,
    place: pick(random, names.places),
    employerJson: pick(random, names.employersJson),
  };
}

function drawEmail(random: Random, first: Name, last: Name, similarity: number): string {
  const number = random.below(1_000_000);
  const nickname = pick(random, nicknames);
  const host = pick(random, mailHosts);
  if (similarity >= 0.8) return `${first.mailbox}.${last.mailbox}${number}@${host}`;
  if (similarity >= 0.5) return `${first.mailbox.charAt(0)}${last.mailbox}${number}@${host}`;
  return `${nickname}${number}${first.mailbox.charAt(0)}@${host}`;
}

/** Of the form of a valid number: an SSN with an area of 001-665, an ITIN with middle digits 70-88. */
function drawTaxId(random: Random, type: "SSN" | "ITIN"): string {
  const serial = digits(1 + random.below(9_999), 4);
  if (type === "ITIN") return `9${digits(random.below(100), 2)}${70 + random.below(19)}${serial}`;
  return `${digits(1 + random.below(665), 3)}${digits(1 + random.below(99), 2)}${serial}`;
}

/** IPv6 of the documentation range, or IPv4 of the reserved class E: addresses that belong to nobody. */
export function drawAddress(random: Random): string {
  if (random.chance(0.3)) {
    return `2001:db8:${random.below(0x10000).toString(16)}:${random.below(0x10000).toString(16)}::${(1 + random.below(0xffff)).toString(16)}`;
  }
  const bits = random.bits();
  return `${240 + (bits >>> 29)}.${(bits >>> 16) & 255}.${(bits >>> 8) & 255}.${bits & 255}`;
}

function pick<Item>(random: Random, items: readonly Item[]): Item {
  const item = items[random.below(items.length)];
  if (item === undefined) throw new RangeError("nothing to pick from");
  return item;
}

function digits(value: number, width: number): string {
  return String(value).padStart(width, "0");
}
