/** What names a person: made only when it is written. The tax id itself never leaves this file. */
import type { Applicant } from "./applicant.ts";
import {
  createLine,
  type Line,
  piece,
  pieces,
  put,
  putByte,
  putDigits,
  putInteger,
  putText,
  putUuid,
} from "./line.ts";
import { type Names, putFrom, putInitial } from "./names.ts";
import type { Random } from "./random.ts";
import type { PutToken } from "./token.ts";

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
].map(piece);
/** Reserved for examples (RFC 2606): no mail can reach anybody. */
const mailHosts = ["@example.com", "@example.org", "@example.net", "@mail.example.com"].map(piece);

const text = {
  applicantId: piece('"applicant":{"applicant_id":"'),
  firstName: piece('","first_name":"'),
  lastName: piece('","last_name":"'),
  email: piece('","email":"'),
  emailToken: piece('","email_token":"'),
  phone: piece('","phone":"'),
  phoneToken: piece('","phone_token":"'),
};
const taxIdTypes = pieces(["SSN", "ITIN"]);
const nothing = piece("");
const dot = 46;

/** Where a person lives and works: indices of the pools of names. */
export interface Whereabouts {
  readonly streetNumber: number;
  readonly street: number;
  readonly place: number;
  readonly employer: number;
}

export interface PersonWriter {
  /** Writes identity and contact, up to and without the date of birth. */
  putPerson(line: Line, applicant: Applicant, nameEmailSimilarity: number): Whereabouts;
  /** Writes the token of the tax id of the person last written. */
  putTaxToken(line: Line): void;
  readonly taxIdType: (applicant: Applicant) => Uint8Array;
}

export function createPersonWriter(random: Random, names: Names, putToken: PutToken): PersonWriter {
  const taxId = createLine(16);

  const putPerson: PersonWriter["putPerson"] = (line, applicant, nameEmailSimilarity) => {
    const { stream, household } = applicant;
    const family = household === null ? null : drawHousehold(random, names, household);
    random.seek("person", stream.number, stream.branch);
    put(line, text.applicantId);
    putUuid(line, random);
    const first = random.below(names.first.size);
    const own = drawHome(random, names);
    const { last, streetNumber, street, place } = family ?? own;
    put(line, text.firstName);
    putFrom(line, names.first, first);
    put(line, text.lastName);
    putFrom(line, names.last, last);
    put(line, text.email);
    const emailAt = line.at;
    putEmail(line, random, names, first, last, nameEmailSimilarity);
    const emailEnd = line.at;
    put(line, text.emailToken);
    putToken(line, line.bytes, emailAt, emailEnd);
    put(line, text.phone);
    const phoneAt = line.at;
    putPhone(line, random);
    const phoneEnd = line.at;
    put(line, text.phoneToken);
    putToken(line, line.bytes, phoneAt, phoneEnd);
    taxId.at = 0;
    putTaxId(taxId, random, applicant.taxIdType);
    return { streetNumber, street, place, employer: random.below(names.employers.size) };
  };

  return {
    putPerson,
    putTaxToken: (line) => putToken(line, taxId.bytes, 0, taxId.at),
    taxIdType: (applicant) => taxIdTypes[applicant.taxIdType],
  };
}

function drawHousehold(random: Random, names: Names, { number, branch }: { number: number; branch: number }) {
  random.seek("person", number, branch);
  return drawHome(random, names);
}

function drawHome(random: Random, names: Names) {
  return {
    last: random.below(names.last.size),
    streetNumber: 1 + random.below(9_900),
    street: random.below(names.streets.size),
    place: random.below(names.cities.size),
  };
}

function putEmail(
  line: Line,
  random: Random,
  names: Names,
  first: number,
  last: number,
  similarity: number,
): void {
  const number = random.below(1_000_000);
  const nickname = random.below(nicknames.length);
  const host = mailHosts[random.below(mailHosts.length)];
  if (similarity >= 0.8) {
    putFrom(line, names.firstMailboxes, first);
    putByte(line, dot);
    putFrom(line, names.lastMailboxes, last);
    putInteger(line, number);
  } else if (similarity >= 0.5) {
    putInitial(line, names.firstMailboxes, first);
    putFrom(line, names.lastMailboxes, last);
    putInteger(line, number);
  } else {
    put(line, nicknames[nickname] ?? nothing);
    putInteger(line, number);
    putInitial(line, names.firstMailboxes, first);
  }
  put(line, host ?? nothing);
}

function putPhone(line: Line, random: Random): void {
  putText(line, "+1");
  putInteger(line, 201 + random.below(789));
  putText(line, "555");
  putDigits(line, random.below(10_000), 4);
}

/** Of the form of a valid number: an SSN with an area of 001-665, an ITIN with middle digits 70-88. */
function putTaxId(line: Line, random: Random, type: "SSN" | "ITIN"): void {
  const serial = 1 + random.below(9_999);
  if (type === "ITIN") {
    putDigits(line, 900 + random.below(100), 3);
    putDigits(line, 70 + random.below(19), 2);
  } else {
    putDigits(line, 1 + random.below(665), 3);
    putDigits(line, 1 + random.below(99), 2);
  }
  putDigits(line, serial, 4);
}

/** IPv6 of the documentation range, or IPv4 of the reserved class E: addresses that belong to nobody. */
export function putAddress(line: Line, random: Random): void {
  if (random.chance(0.3)) {
    const words = [random.below(0x10000), random.below(0x10000), 1 + random.below(0xffff)];
    putText(line, `2001:db8:${words[0]?.toString(16)}:${words[1]?.toString(16)}::${words[2]?.toString(16)}`);
    return;
  }
  const bits = random.bits();
  putInteger(line, 240 + (bits >>> 29));
  for (const shift of [16, 8, 0]) {
    putByte(line, dot);
    putInteger(line, (bits >>> shift) & 255);
  }
}
