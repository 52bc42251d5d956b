/**
 * Events as JSON lines, keys in the order of `pipeline/schema.yaml`. A snapshot is drawn anew for each event of its
 * application, so that decided and funded repeat the submitted one byte for byte.
 */
import type { Application, Step } from "./application.ts";
import { drawTechnical } from "./delivery.ts";
import type { Names } from "./names.ts";
import { drawAddress, drawPersonText } from "./person-text.ts";
import type { Random } from "./random.ts";
import { createTimeText, dateText, dayMs, uuid } from "./text.ts";
import type { Tokenise } from "./token.ts";

export interface Rendering {
  readonly random: Random;
  readonly names: Names;
  readonly tokenise: Tokenise;
  /** Ages and durations are as of this time. */
  readonly startMs: number;
}

export interface Rendered {
  readonly json: string;
  readonly applicationId: string;
}

export type Render = (application: Application, step: Step, startedMs: number) => Rendered;

/**
 * Makes the writer of one generator's events.
 * @returns a function that expects `random` to stand where the event's id is drawn (see `drawDelivery`)
 */
export function createRenderer(rendering: Rendering): Render {
  const timeText = createTimeText();
  return (application, step, startedMs) => {
    const eventId = uuid(rendering.random);
    const technical =
      step === 0 || (step === 1 && application.submits) ? technicalJson(rendering.random, application) : "";
    rendering.random.seek("site", application.number, 1_000 + application.member);
    const applicationId = uuid(rendering.random);
    const sections = sectionsJson(rendering, application, step, startedMs, timeText);
    const time = (at: Step): string => timeText(startedMs + (application.stepsMs[at] ?? 0));
    const submitted = step > 0 && application.submits ? `,"submitted_at":"${time(1)}"` : "";
    const decision = step > 1 ? decisionJson(application, step, time(2)) : "";
    const json = `{"event_id":"${eventId}","event_type":"${eventType(application, step)}","event_time":"${time(step)}","started_at":"${time(0)}"${submitted},"schema_version":1,"application_id":"${applicationId}"${sections}${decision}${technical}}`;
    return { json, applicationId };
  };
}

function eventType({ submits }: Application, step: Step): string {
  if (step === 1) return submits ? "submitted" : "abandoned";
  return step === 0 ? "started" : step === 2 ? "decided" : "funded";
}

function sectionsJson(
  rendering: Rendering,
  application: Application,
  step: Step,
  startedMs: number,
  timeText: (timeMs: number) => string,
): string {
  const { random } = rendering;
  const asked = step > 0 && application.submits;
  const sessionId = uuid(random);
  const device = deviceJson(random, application, startedMs, timeText);
  const address = addressJson(rendering, application);
  const behavior = `"behavior":{"session_id":"${sessionId}"${device}${address}${asked ? formJson(application) : ""}}`;
  const head = `,"channel":"${application.channel}",${loanJson(application, asked)},${behavior}`;
  if (!asked) return head;
  return `${head},${applicantJson(rendering, application, startedMs)},${financialJson(application)},${identityJson(application)}`;
}

function loanJson({ product, loan }: Application, asked: boolean) {
  if (!asked) return `"loan":{"product":"${product}"}`;
  const { amountCents, termMonths, purpose, quotedApr, collateralCents } = loan;
  return `"loan":{"product":"${product}","amount_cents":${amountCents}${number("term_months", termMonths)},"purpose":"${purpose}"${number("quoted_apr", quotedApr)}${number("collateral_cents", collateralCents)}}`;
}

function deviceJson(
  random: Random,
  application: Application,
  startedMs: number,
  timeText: (timeMs: number) => string,
) {
  const { deviceSite, deviceOs, browser, deviceKnownMs } = application.session;
  if (deviceSite === null) return "";
  random.seek("site", deviceSite.number, deviceSite.branch);
  return `,"device_id":"${uuid(random)}","device_os":"${deviceOs}","device_first_seen_at":"${timeText(startedMs - deviceKnownMs)}","browser":"${browser}"`;
}

function addressJson({ random, tokenise }: Rendering, { session }: Application): string {
  const { addressSite, ipCountry, ipDistanceKm } = session;
  random.seek("site", addressSite.number, addressSite.branch);
  const ip = drawAddress(random);
  return `,"ip":"${ip}","ip_token":"${tokenise(ip)}","ip_country":"${ipCountry}","ip_distance_km":${ipDistanceKm}`;
}

function formJson({ session, stepsMs }: Application): string {
  const sessionS = Math.floor((stepsMs[1] ?? 0) / 1000);
  return `,"session_s":${sessionS},"form_s":${Math.floor(session.formMs / 1000)},"field_corrections":${session.fieldCorrections},"pasted_fields":${session.pastedFields}`;
}

function applicantJson(
  { random, names, tokenise, startMs }: Rendering,
  application: Application,
  startedMs: number,
) {
  const { applicant } = application;
  const text = drawPersonText(random, names, tokenise, applicant, application.checks.nameEmailSimilarity);
  const { cityJson, state, postalCode } = text.place;
  const startDay = Math.floor(startMs / dayMs);
  const elapsedDays = Math.max(0, Math.floor((startedMs - startMs) / dayMs));
  const person = `"applicant_id":"${text.applicantId}","first_name":"${text.firstNameJson}","last_name":"${text.lastNameJson}","email":"${text.email}","email_token":"${text.emailToken}","phone":"${text.phone}","phone_token":"${text.phoneToken}","date_of_birth":"${dateText(startDay - applicant.ageDays)}","tax_id_type":"${applicant.taxIdType}","ssn_token":"${text.taxToken}"`;
  const home = `"address":{"street":"${text.streetJson}","city":"${cityJson}","state":"${state}","postal_code":"${postalCode}"},"months_at_address":${applicant.monthsAtAddress + Math.floor(elapsedDays / 30.4375)},"housing":"${applicant.housing}","current_housing_cents":${applicant.housingCents}`;
  const employer = applicant.yearsEmployed === null ? "" : `,"employer":"${text.employerJson}"`;
  const work = `"employment_status":"${applicant.employment}"${employer}${number("years_employed", applicant.yearsEmployed)}`;
  return `"applicant":{${person},${home},${work}${customerJson(application, startDay, elapsedDays)}}`;
}

function customerJson({ applicant }: Application, startDay: number, elapsedDays: number): string {
  const { customerDays, contactChangedDays } = applicant;
  if (customerDays === null || contactChangedDays === null) return "";
  return `,"customer_since":"${dateText(startDay - customerDays)}","contact_changed_days":${contactChangedDays + elapsedDays}`;
}

function financialJson({ applicant, checks }: Application): string {
  const grade = applicant.grade === null ? "" : `,"internal_grade":"${applicant.grade}"`;
  const income =
    applicant.annualIncomeCents === null ? "" : `"annual_income_cents":${applicant.annualIncomeCents},`;
  return `"financial":{${income}"income_verified":${checks.incomeVerified},"employment_verified":${checks.employmentVerified},"monthly_debt_cents":${applicant.monthlyDebtCents}${number("credit_score", applicant.file.score)}${number("revolving_utilization", applicant.file.utilization)},"delinquencies_24m":${applicant.file.delinquencies},"delinquencies_with_us":${applicant.delinquenciesWithUs},"collections":${applicant.file.collections},"inquiries_7d":${applicant.file.inquiries7d},"inquiries_6m":${applicant.file.inquiries6m},"bankruptcies":${applicant.file.bankruptcies}${number("oldest_account_months", applicant.file.oldestAccountMonths)},"savings_cents":${applicant.savingsCents}${grade}}`;
}

function identityJson({ checks }: Application): string {
  return `"identity":{"document_check":"${checks.documentCheck}"${number("selfie_match", checks.selfieMatch)},"name_email_similarity":${checks.nameEmailSimilarity},"email_age_days":${checks.emailAgeDays},"phone_verified":${checks.phoneVerified},"address_match":"${checks.addressMatch}","bureau_match":"${checks.bureauMatch}","tax_id_status":"${checks.taxIdStatus}"}`;
}

function decisionJson({ decision, mode, stepsMs }: Application, step: Step, decidedAt: string): string {
  const reasons = decision.reasons.map((reason) => `"${reason}"`).join(",");
  const processingMs = (stepsMs[2] ?? 0) - (stepsMs[1] ?? 0);
  const funded = step === 3 ? number("funded_cents", decision.approvedAmountCents) : "";
  return `,"decision":{"outcome":"${decision.outcome}","mode":"${mode}","reasons":[${reasons}]${number("approved_amount_cents", decision.approvedAmountCents)},"decided_at":"${decidedAt}","processing_ms":${processingMs}${number("offered_rate", decision.offeredRate)}${funded}}`;
}

function technicalJson(random: Random, application: Application): string {
  const { pageLoadMs, apiLatencyMs, errors, httpStatus, clientVersion } = drawTechnical(random, application);
  const page = pageLoadMs === null ? "" : `"page_load_ms":${pageLoadMs},`;
  return `,"technical":{${page}"api_latency_ms":${apiLatencyMs},"errors":${errors},"http_status":${httpStatus},"client_version":"${clientVersion}"}`;
}

/** `,"name":value`, or nothing for null. */
function number(name: string, value: number | null): string {
  return value === null ? "" : `,"${name}":${value}`;
}
