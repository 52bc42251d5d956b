/** How often what is random is tried: many times as often at night, when nobody waits. */
export const tries = (byDay: number): number => (process.env.LOANSTREAM_NIGHTLY === "1" ? 25 * byDay : byDay);
