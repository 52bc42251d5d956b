/** One person takes several products here, and as many elsewhere, within hours, before any shows on the file. */
import { ownDevice } from "../sites.ts";
import { type Person, type Scenario, startsMs } from "./scenario.ts";

const wanted = ["personal", "credit_card", "auto", "personal", "credit_card"] as const;

export const loanStacking: Scenario = {
  name: "loan_stacking",
  kind: "fraud",
  share: 0.0012,
  size: () => 4,
  begunBy: null,
  defaults: 0.75,
  begin(random, number) {
    const starts = startsMs(random, 3 + random.below(3), 240_000, 2_400_000);
    const person: Person = { stream: { number, branch: 1 }, product: "personal", customer: false };
    const inquiries = 4 + random.below(4);
    return {
      members: starts.map((afterMs, place) => ({
        afterMs,
        product: wanted[place] ?? "personal",
        channel: "mobile_app",
        person,
      })),
      disguise(application, place, own) {
        const { applicant, session } = application;
        const inquiries7d = inquiries + place + own.below(3);
        const file = { ...applicant.file, inquiries7d, inquiries6m: inquiries7d + own.below(4) };
        application.applicant = { ...applicant, file };
        application.submits = true;
        session.deviceSite = ownDevice(applicant.stream, true);
        session.deviceOs = "ios";
        session.browser = "in_app";
        session.deviceKnownMs = 1_800_000 + (starts[place] ?? 0);
      },
    };
  },
};
