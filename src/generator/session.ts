/** The session: device, address, and how the form is filled in. */
import { type Applicant, poisson } from "./applicant.ts";
import type { ApplicationKey, Session } from "./application.ts";
import { type Random, weighted } from "./random.ts";
import { away, home, ownDevice, terminalSites } from "./sites.ts";
import { clamp } from "./text.ts";
import * as world from "./world.ts";
import {
  type Channel,
  channelWorlds,
  desktopSystems,
  handheldSystems,
  type Product,
  productWorlds,
} from "./world.ts";

const handheldBrowser = weighted({
  safari: 0.5,
  chrome: 0.38,
  samsung_internet: 0.08,
  firefox: 0.02,
  other: 0.02,
});
const desktopBrowser = weighted({ chrome: 0.6, edge: 0.18, safari: 0.14, firefox: 0.07, other: 0.01 });

const terminals: Readonly<Partial<Record<Channel, number>>> = {
  branch: world.sites.branchTerminals,
  broker: world.sites.brokerTerminals,
  call_center: world.sites.callCenterTerminals,
};

/** How many terminals a channel has. */
export function terminalCount(channel: Channel, scale: number): number {
  return Math.floor((terminals[channel] ?? 0) * scale);
}

export function drawSession(
  random: Random,
  key: ApplicationKey,
  product: Product,
  applicant: Applicant,
  scale: number,
): Session {
  const { channel } = key;
  const { handheld, formPace } = channelWorlds[channel];
  const onHandheld = random.chance(handheld);
  const device = drawDevice(random, channel, onHandheld, applicant);
  const sites = drawSites(random, key, onHandheld, applicant, scale);
  const formMs = 1000 * random.logNormal(productWorlds[product].medianFormS * formPace, 0.5);
  return {
    deviceSite: sites.device,
    addressSite: sites.address,
    deviceOs: device.os,
    browser: device.browser,
    deviceKnownMs: device.knownMs,
    ipCountry: "US",
    ipDistanceKm: Math.floor(Math.min(random.logNormal(14, 1.1), 900)),
    formMs: Math.floor(clamp(formMs, world.leastFormMs, world.greatestFormMs / 2)),
    fieldCorrections: channel === "partner_api" ? 0 : poisson(random, 2.2),
    pastedFields: channel === "partner_api" ? 0 : random.chance(0.2) ? 1 + poisson(random, 0.8) : 0,
  };
}

function drawDevice(random: Random, channel: Channel, onHandheld: boolean, applicant: Applicant) {
  const { device } = channelWorlds[channel];
  const knownMs = Math.floor(
    random.exponential(applicant.customerDays === null ? 2_400_000 : 200 * 86_400_000),
  );
  if (device === "none") return { os: null, browser: null, knownMs: 0 };
  if (device === "terminal") return { os: "windows", browser: "edge", knownMs: 400 * 86_400_000 + knownMs };
  const os = onHandheld ? handheldSystems(random) : desktopSystems(random);
  const browser = onHandheld ? handheldBrowser(random) : desktopBrowser(random);
  return { os, browser: channel === "mobile_app" ? "in_app" : browser, knownMs };
}

/** Own devices and homes belong to the person; phones are at home half of the time. */
function drawSites(
  random: Random,
  { number, member, channel }: ApplicationKey,
  onHandheld: boolean,
  { stream }: Applicant,
  scale: number,
) {
  const count = terminalCount(channel, scale);
  if (count > 0) return terminalSites(channel, random.below(count), world.sites.terminalsPerAddress);
  const isAway = onHandheld && random.chance(0.5);
  return {
    device: channelWorlds[channel].device === "none" ? null : ownDevice(stream, onHandheld),
    address: isAway ? away(number, member) : home(stream),
  };
}
