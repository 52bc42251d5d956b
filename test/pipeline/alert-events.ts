/** Applications by hand, such that an alert of the default pipeline is raised: for each alert its own events. */
import type { LogRecord } from "../simulation/simulate.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

interface Fields {
  readonly [name: string]: string | number | boolean | null | readonly string[] | Fields;
}

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What `changes` names is replaced, field by field. */
function merged(fields: Fields, changes: Fields): Fields {
  const entries = Object.entries(changes).map(([name, value]) => {
    const before = fields[name];
    return [name, isFields(value) && isFields(before) ? merged(before, value) : value] as const;
  });
  return { ...fields, ...Object.fromEntries(entries) };
}

/** What every applicant has, and no output may show. */
export const PERSONAL = {
  firstName: "Annabel",
  lastName: "Exampleton",
  email: "annabel@mail.example.com",
  phone: "+12025550143",
  born: "1980-05-06",
  street: "17 Nowhere Lane",
};

const uuid = (place: number) => `00000000-0000-4000-8000-${String(place).padStart(12, "0")}`;
const token = (kind: string, place: number) => `${kind}${place}`.padEnd(64, "0");

/** An application of an ordinary applicant, who shares nothing with the one at another place. */
function submitted(place: number, timeMs: number, changes: Fields = {}): LogRecord {
  const time = new Date(timeMs).toISOString();
  const ordinary: Fields = {
    event_id: uuid(place),
    event_type: "submitted",
    event_time: time,
    started_at: new Date(timeMs - 8 * MINUTE).toISOString(),
    submitted_at: time,
    schema_version: 1,
    application_id: uuid(place),
    channel: "web",
    loan: {
      product: "personal",
      amount_cents: 900_000,
      term_months: 48,
      purpose: "debt_consolidation",
      quoted_apr: 0.12,
    },
    behavior: {
      session_id: uuid(place),
      device_id: token("d", place),
      device_os: "ios",
      device_first_seen_at: "2024-02-13T11:41:31.577Z",
      browser: "safari",
      ip_token: token("a", place),
      ip_country: "US",
      ip_distance_km: 9,
      session_s: 520,
      form_s: 480,
      field_corrections: 3,
      pasted_fields: 1,
    },
    applicant: {
      applicant_id: uuid(place),
      first_name: PERSONAL.firstName,
      last_name: PERSONAL.lastName,
      email: PERSONAL.email,
      phone: PERSONAL.phone,
      email_token: token("e", place),
      phone_token: token("f", place),
      date_of_birth: PERSONAL.born,
      tax_id_type: "SSN",
      ssn_token: token("b", place),
      address: { street: PERSONAL.street, city: "Springfield", state: "CA", postal_code: "95554" },
      months_at_address: 90,
      housing: "own",
      current_housing_cents: 90_000,
      employment_status: "employed",
      years_employed: 9,
    },
    financial: {
      annual_income_cents: 9_500_000,
      income_verified: true,
      employment_verified: true,
      monthly_debt_cents: 40_000,
      credit_score: 745,
      revolving_utilization: 0.15,
      delinquencies_24m: 0,
      delinquencies_with_us: 0,
      collections: 0,
      inquiries_7d: 0,
      inquiries_6m: 1,
      bankruptcies: 0,
      oldest_account_months: 190,
      savings_cents: 1_500_000,
    },
    identity: {
      document_check: "passed",
      selfie_match: 0.96,
      name_email_similarity: 0.8,
      email_age_days: 3000,
      phone_verified: true,
      address_match: "match",
      bureau_match: "match",
      tax_id_status: "valid",
    },
    technical: {
      page_load_ms: 900,
      api_latency_ms: 120,
      errors: 0,
      http_status: 200,
      client_version: "7.12.0",
    },
  };
  return { text: JSON.stringify(merged(ordinary, changes)), ingestTimeMs: null };
}

const POOR_CREDIT: Fields = {
  financial: {
    credit_score: 510,
    revolving_utilization: 0.98,
    delinquencies_24m: 5,
    collections: 3,
    inquiries_6m: 9,
    bankruptcies: 1,
    oldest_account_months: 14,
    savings_cents: 0,
    annual_income_cents: 2_000_000,
    monthly_debt_cents: 60_000,
  },
  applicant: { months_at_address: 2, years_employed: 0, housing: "rent" },
};

const POOR_IN_ALL_BUT_SCORE: Fields = merged(POOR_CREDIT, { financial: { credit_score: 725 } });

const SUSPICIOUS: Fields = {
  behavior: {
    device_first_seen_at: null,
    ip_country: "RO",
    ip_distance_km: 9000,
    session_s: 14,
    form_s: 9,
    field_corrections: 0,
    pasted_fields: 14,
  },
  financial: {
    oldest_account_months: 3,
    inquiries_7d: 6,
    income_verified: false,
    employment_verified: false,
  },
  applicant: { months_at_address: 0, years_employed: 0 },
  identity: {
    document_check: "failed",
    selfie_match: 0.1,
    name_email_similarity: 0.01,
    email_age_days: 0,
    phone_verified: false,
    address_match: "mismatch",
    bureau_match: "mismatch",
    tax_id_status: "invalid",
  },
};

/** So many applications, so long apart. */
interface Series {
  readonly count: number;
  readonly apartMs: number;
  /** After ten o'clock of the case's own day. */
  readonly afterMs?: number;
  readonly changes?: Fields;
}

/** What raises each alert, at its bound: without the last event of a case it isn't raised. */
const CASES: Readonly<Record<string, readonly Series[]>> = {
  high_risk_share: [{ count: 10, apartMs: 2 * SECOND, changes: POOR_IN_ALL_BUT_SCORE }],
  dti_over_bound: [{ count: 20, apartMs: SECOND, changes: { financial: { monthly_debt_cents: 380_000 } } }],
  fraud_score: [{ count: 1, apartMs: 0, changes: SUSPICIOUS }],
  fraud_ring: [{ count: 4, apartMs: MINUTE, changes: { behavior: { device_id: "one" } } }],
  channel_burst: [
    { count: 55, apartMs: MINUTE, changes: { channel: "partner_api" } },
    { count: 40, apartMs: 7 * SECOND, afterMs: 55 * MINUTE, changes: { channel: "partner_api" } },
  ],
  server_errors: [
    { count: 3, apartMs: SECOND, changes: { technical: { http_status: 503, errors: 1 } } },
    { count: 7, apartMs: SECOND, afterMs: 10 * SECOND },
  ],
  drift: [{ count: 300, apartMs: MINUTE, changes: POOR_CREDIT }],
};

const START_MS = Date.UTC(2026, 0, 5, 10);
const DAY = 24 * HOUR;
const PLACES_A_CASE = 1000;

export const alertCases: readonly string[] = Object.keys(CASES);

/** The events of one case. All cases after one another are a log too. */
export function eventsOf(alert: string): LogRecord[] {
  const place = alertCases.indexOf(alert);
  const startMs = START_MS + place * DAY;
  let next = place * PLACES_A_CASE;
  return (CASES[alert] ?? []).flatMap(({ count, apartMs, afterMs = 0, changes = {} }) =>
    Array.from({ length: count }, (_, i) => submitted(next++, startMs + afterMs + i * apartMs, changes)),
  );
}

/** Of ordinary applicants who come a minute apart. */
export function ordinaryEvents(count: number): LogRecord[] {
  return Array.from({ length: count }, (_, i) => submitted(i, START_MS + i * MINUTE));
}
