/** What the events of an application have in common: from `started_at` to the session, or to the identity checks. */
import type { Application } from "./application.ts";
import {
  type Line,
  type Piece,
  type PutTime,
  piece,
  pieces,
  put,
  putByte,
  putDate,
  putFraction,
  putInteger,
  putRange,
  putUuid,
} from "./line.ts";
import { type Names, putFrom } from "./names.ts";
import { createPersonWriter, putAddress } from "./person-text.ts";
import type { Random } from "./random.ts";
import type { Kept } from "./shelf.ts";
import { dayMs } from "./text.ts";
import type { PutToken } from "./token.ts";
import { channels, products } from "./world.ts";

export interface SnapshotRendering {
  readonly random: Random;
  readonly names: Names;
  readonly putToken: PutToken;
  readonly putTime: PutTime;
  /** Ages and durations are as of this time. */
  readonly startMs: number;
}

export interface SnapshotWriter {
  /** Writes the parts of the started event, unless they are there. */
  writeStarted(kept: Kept, application: Application, startedMs: number): void;
  /** The same for the submitted event; writes the former first. */
  writeSubmitted(kept: Kept, application: Application, startedMs: number): void;
}

const text = {
  startedAt: piece(',"started_at":"'),
  submittedAt: piece('","submitted_at":"'),
  applicationId: piece('","schema_version":1,"application_id":"'),
  channel: pieces(channels, (channel) => `","channel":"${channel}","loan":{"product":"`),
  product: pieces(products, (product) => `${product}"`),
  sessionId: piece('},"behavior":{"session_id":"'),
  amount: piece(',"amount_cents":'),
  term: piece(',"term_months":'),
  purpose: piece(',"purpose":"'),
  apr: piece(',"quoted_apr":'),
  collateral: piece(',"collateral_cents":'),
  deviceId: piece('","device_id":"'),
  deviceOs: piece('","device_os":"'),
  firstSeen: piece('","device_first_seen_at":"'),
  browser: piece('","browser":"'),
  ip: piece('","ip":"'),
  ipToken: piece('","ip_token":"'),
  ipCountry: piece('","ip_country":"'),
  ipDistance: piece('","ip_distance_km":'),
  sessionS: piece(',"session_s":'),
  formS: piece(',"form_s":'),
  corrections: piece(',"field_corrections":'),
  pasted: piece(',"pasted_fields":'),
  dateOfBirth: piece('","date_of_birth":"'),
  taxIdType: piece('","tax_id_type":"'),
  ssnToken: piece('","ssn_token":"'),
  street: piece('","address":{"street":"'),
  city: piece('","city":"'),
  state: piece('","state":"'),
  postalCode: piece('","postal_code":"'),
  monthsAtAddress: piece('"},"months_at_address":'),
  housing: piece(',"housing":"'),
  housingCents: piece('","current_housing_cents":'),
  employment: piece(',"employment_status":"'),
  employer: piece('","employer":"'),
  yearsEmployed: piece('","years_employed":'),
  quote: piece('"'),
  customerSince: piece(',"customer_since":"'),
  contactChanged: piece('","contact_changed_days":'),
  financial: piece('},"financial":{'),
  income: piece('"annual_income_cents":'),
  comma: piece(","),
  incomeVerified: piece('"income_verified":'),
  employmentVerified: piece(',"employment_verified":'),
  monthlyDebt: piece(',"monthly_debt_cents":'),
  score: piece(',"credit_score":'),
  utilization: piece(',"revolving_utilization":'),
  delinquencies: piece(',"delinquencies_24m":'),
  delinquenciesWithUs: piece(',"delinquencies_with_us":'),
  collections: piece(',"collections":'),
  inquiries7d: piece(',"inquiries_7d":'),
  inquiries6m: piece(',"inquiries_6m":'),
  bankruptcies: piece(',"bankruptcies":'),
  oldestAccount: piece(',"oldest_account_months":'),
  savings: piece(',"savings_cents":'),
  grade: piece(',"internal_grade":"'),
  documentCheck: piece('},"identity":{"document_check":"'),
  selfie: piece('","selfie_match":'),
  similarity: piece(',"name_email_similarity":'),
  emailAge: piece(',"email_age_days":'),
  phoneVerified: piece(',"phone_verified":'),
  addressMatch: piece(',"address_match":"'),
  bureauMatch: piece('","bureau_match":"'),
  taxIdStatus: piece('","tax_id_status":"'),
  end: piece('"}'),
  yes: piece("true"),
  no: piece("false"),
};
const closing = 125;
/** From the first byte to the end of `started_at`'s time. */
const startedAtEnd = text.startedAt.length + 24;

export function createSnapshotWriter(rendering: SnapshotRendering): SnapshotWriter {
  const { random, names, putToken, putTime, startMs } = rendering;
  const person = createPersonWriter(random, names, putToken);
  const startDay = Math.floor(startMs / dayMs);

  const writeStarted: SnapshotWriter["writeStarted"] = (kept, application, startedMs) => {
    if (kept.startedEnd > 0) return;
    const { line } = kept;
    line.at = 0;
    random.seek("ids", application.number, application.member);
    put(line, text.startedAt);
    putTime(line, startedMs);
    put(line, text.applicationId);
    putUuid(line, random);
    put(line, text.channel[application.channel]);
    put(line, text.product[application.product]);
    kept.loanEnd = line.at;
    put(line, text.sessionId);
    putUuid(line, random);
    putDevice(line, application, startedMs);
    putInternetAddress(line, application);
    kept.startedEnd = line.at;
  };

  const putDevice = (line: Line, { session }: Application, startedMs: number): void => {
    const { deviceSite, deviceOs, browser, deviceKnownMs } = session;
    if (deviceSite === null) return;
    random.seek("device", deviceSite.number, deviceSite.branch);
    put(line, text.deviceId);
    putUuid(line, random);
    put(line, text.deviceOs);
    putWord(line, deviceOs ?? "other");
    put(line, text.firstSeen);
    putTime(line, startedMs - deviceKnownMs);
    put(line, text.browser);
    putWord(line, browser ?? "other");
  };

  const putInternetAddress = (line: Line, { session }: Application): void => {
    random.seek("address", session.addressSite.number, session.addressSite.branch);
    put(line, text.ip);
    const from = line.at;
    putAddress(line, random);
    const to = line.at;
    put(line, text.ipToken);
    putToken(line, line.bytes, from, to);
    put(line, text.ipCountry);
    putWord(line, session.ipCountry);
    put(line, text.ipDistance);
    putInteger(line, session.ipDistanceKm);
  };

  const writeSubmitted: SnapshotWriter["writeSubmitted"] = (kept, application, startedMs) => {
    if (kept.submittedEnd > 0) return;
    writeStarted(kept, application, startedMs);
    const { line, loanEnd, startedEnd } = kept;
    line.at = startedEnd;
    putRange(line, line.bytes, 0, startedAtEnd);
    put(line, text.submittedAt);
    putTime(line, startedMs + (application.stepsMs[1] ?? 0));
    putRange(line, line.bytes, startedAtEnd, loanEnd);
    putLoan(line, application);
    putRange(line, line.bytes, loanEnd, startedEnd);
    putForm(line, application);
    putApplicant(line, application, startedMs);
    putFinancial(line, application);
    putIdentity(line, application);
    kept.submittedEnd = line.at;
  };

  const putApplicant = (line: Line, { applicant, checks }: Application, startedMs: number): void => {
    const elapsedDays = Math.max(0, Math.floor((startedMs - startMs) / dayMs));
    const { streetNumber, street, place, employer } = person.putPerson(
      line,
      applicant,
      checks.nameEmailSimilarity,
    );
    put(line, text.dateOfBirth);
    putDate(line, startDay - applicant.ageDays);
    put(line, text.taxIdType);
    put(line, person.taxIdType(applicant));
    put(line, text.ssnToken);
    person.putTaxToken(line);
    put(line, text.street);
    putInteger(line, streetNumber);
    putByte(line, 32);
    putFrom(line, names.streets, street);
    put(line, text.city);
    putFrom(line, names.cities, place);
    put(line, text.state);
    putFrom(line, names.states, place);
    put(line, text.postalCode);
    putFrom(line, names.postalCodes, place);
    put(line, text.monthsAtAddress);
    putInteger(line, applicant.monthsAtAddress + Math.floor(elapsedDays / 30.4375));
    put(line, text.housing);
    putWord(line, applicant.housing);
    put(line, text.housingCents);
    putInteger(line, applicant.housingCents);
    put(line, text.employment);
    putWord(line, applicant.employment);
    if (applicant.yearsEmployed === null) {
      put(line, text.quote);
    } else {
      put(line, text.employer);
      putFrom(line, names.employers, employer);
      put(line, text.yearsEmployed);
      putFraction(line, applicant.yearsEmployed);
    }
    if (applicant.customerDays === null || applicant.contactChangedDays === null) return;
    put(line, text.customerSince);
    putDate(line, startDay - applicant.customerDays);
    put(line, text.contactChanged);
    putInteger(line, applicant.contactChangedDays + elapsedDays);
  };

  return { writeStarted, writeSubmitted };
}

const words = new Map<string, Piece>();

/** One of few texts, which are remembered as bytes. */
export function putWord(line: Line, word: string): void {
  let known = words.get(word);
  if (known === undefined) {
    known = piece(word);
    words.set(word, known);
  }
  put(line, known);
}

function putLoan(line: Line, { loan }: Application): void {
  put(line, text.amount);
  putInteger(line, loan.amountCents);
  putOptional(line, text.term, loan.termMonths);
  put(line, text.purpose);
  putWord(line, loan.purpose);
  put(line, text.quote);
  if (loan.quotedApr !== null) {
    put(line, text.apr);
    putFraction(line, loan.quotedApr);
  }
  putOptional(line, text.collateral, loan.collateralCents);
}

function putForm(line: Line, { session, stepsMs }: Application): void {
  put(line, text.sessionS);
  putInteger(line, Math.floor((stepsMs[1] ?? 0) / 1000));
  put(line, text.formS);
  putInteger(line, Math.floor(session.formMs / 1000));
  put(line, text.corrections);
  putInteger(line, session.fieldCorrections);
  put(line, text.pasted);
  putInteger(line, session.pastedFields);
  putByte(line, closing);
  put(line, text.comma);
}

function putFinancial(line: Line, { applicant, checks }: Application): void {
  const { file } = applicant;
  put(line, text.financial);
  if (applicant.annualIncomeCents !== null) {
    put(line, text.income);
    putInteger(line, applicant.annualIncomeCents);
    put(line, text.comma);
  }
  putFlag(line, text.incomeVerified, checks.incomeVerified);
  putFlag(line, text.employmentVerified, checks.employmentVerified);
  putOptional(line, text.monthlyDebt, applicant.monthlyDebtCents);
  putOptional(line, text.score, file.score);
  if (file.utilization !== null) {
    put(line, text.utilization);
    putFraction(line, file.utilization);
  }
  putOptional(line, text.delinquencies, file.delinquencies);
  putOptional(line, text.delinquenciesWithUs, applicant.delinquenciesWithUs);
  putOptional(line, text.collections, file.collections);
  putOptional(line, text.inquiries7d, file.inquiries7d);
  putOptional(line, text.inquiries6m, file.inquiries6m);
  putOptional(line, text.bankruptcies, file.bankruptcies);
  putOptional(line, text.oldestAccount, file.oldestAccountMonths);
  putOptional(line, text.savings, applicant.savingsCents);
  if (applicant.grade === null) return;
  put(line, text.grade);
  putWord(line, applicant.grade);
  put(line, text.quote);
}

function putIdentity(line: Line, { checks }: Application): void {
  put(line, text.documentCheck);
  putWord(line, checks.documentCheck);
  if (checks.selfieMatch === null) {
    put(line, text.quote);
  } else {
    put(line, text.selfie);
    putFraction(line, checks.selfieMatch);
  }
  put(line, text.similarity);
  putFraction(line, checks.nameEmailSimilarity);
  put(line, text.emailAge);
  putInteger(line, checks.emailAgeDays);
  putFlag(line, text.phoneVerified, checks.phoneVerified);
  put(line, text.addressMatch);
  putWord(line, checks.addressMatch);
  put(line, text.bureauMatch);
  putWord(line, checks.bureauMatch);
  put(line, text.taxIdStatus);
  putWord(line, checks.taxIdStatus);
  put(line, text.end);
}

function putFlag(line: Line, name: Piece, value: boolean): void {
  put(line, name);
  put(line, value ? text.yes : text.no);
}

function putOptional(line: Line, name: Piece, value: number | null): void {
  if (value === null) return;
  put(line, name);
  putInteger(line, value);
}
