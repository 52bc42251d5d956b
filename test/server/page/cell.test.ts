import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dateAndTime } from "../../../src/output/time-text.ts";
import { cellOf } from "../../../src/server/page/cell.ts";
import { markup } from "../../../src/server/page/markup.ts";
import {
  arrayOf,
  BIGINT,
  BOOLEAN,
  DOUBLE,
  type SqlType,
  STRING,
  TIMESTAMP,
  type Value,
} from "../../../src/sql/types.ts";

const time = dateAndTime("UTC");

function cell(name: string, type: SqlType, value: Value, unit: string | null = null, currency = "USD") {
  const { content, title } = cellOf({ name, type, unit, description: "" }, currency)(value, time);
  const text = markup`${content}`.html.replaceAll(/<[^>]*>/g, "");
  return title === null ? text : [text, title];
}

describe("a cell", () => {
  it("shows cents as money of the pipeline's currency, in whole units", () => {
    assert.equal(cell("amount_cents", BIGINT, 1_234_567), "$12,346");
    assert.equal(cell("mean_amount_cents", DOUBLE, 1550.5), "$16");
    assert.equal(cell("amount_cents", BIGINT, 1_234_567, "cents", "EUR"), "€12,346");
    assert.equal(cell("amount_cents", BIGINT, 1_234_567, null, "JPY"), "¥1,234,567");
  });

  it("shows fractions as percent, by their name or their unit", () => {
    assert.equal(cell("error_rate", DOUBLE, 0.1234), "12.3%");
    assert.equal(cell("high_risk_share", DOUBLE, 0.5), "50.0%");
    assert.equal(cell("dti", DOUBLE, 0.43, "fraction"), "43.0%");
  });

  it("shows how long something took in the unit that fits", () => {
    assert.deepEqual(
      [0, 850, 1200, 115_333, 9_000_000, 100_000_000].map((ms) => cell("p95", DOUBLE, ms, "ms")),
      ["0 ms", "850 ms", "1.2 s", "1.92 min", "2.5 h", "1.16 d"],
    );
    assert.equal(cell("mean_form_s", DOUBLE, 90, "s"), "1.5 min");
  });

  it("shows whole numbers with their thousands apart, and of others what tells them apart", () => {
    assert.equal(cell("count", BIGINT, 1_234_567), "1,234,567");
    assert.equal(cell("sum", BIGINT, 2n ** 60n), "1,152,921,504,606,846,976");
    assert.equal(cell("psi", DOUBLE, 0.00354), "0.004");
    assert.equal(cell("odds", DOUBLE, 1234.56), "1,234.6");
  });

  it("shows times in the time zone, and a day as a day", () => {
    const at = Date.parse("2026-01-05T17:30:01.500Z");
    assert.deepEqual(cell("event_time", TIMESTAMP, at), ["2026-01-05 17:30:01", "2026-01-05T17:30:01.500Z"]);
    const day = Date.parse("2026-01-05T00:00:00.000Z");
    assert.deepEqual(cell("day", TIMESTAMP, day), ["2026-01-05", "2026-01-05T00:00:00.000Z"]);
  });

  it("shows codes as words, and the beginning of what is long, with all of it as its title", () => {
    assert.deepEqual(cell("band", STRING, "very_high"), ["very high", "very_high"]);
    assert.equal(cell("product", STRING, "auto"), "auto");
    const id = "9200fee5-b63c-471c-815a-8bc8dcf9b5ee";
    assert.deepEqual(cell("event_id", STRING, id), ["9200fee5", id]);
    const long = "a text that is longer than a cell is wide";
    assert.deepEqual(cell("text", STRING, long), ["a text that is longer tha…", long]);
  });

  it("shows the first elements of a list, and how many there are more", () => {
    assert.deepEqual(cell("reasons", arrayOf(STRING), ["email", "tax_id", "phone"]), [
      "email, tax id +1",
      "email, tax_id, phone",
    ]);
  });

  it("shows counts side by side as bars, with the numbers as their title", () => {
    const { content, title } = cellOf(
      { name: "h", type: arrayOf(BIGINT), unit: null, description: "" },
      "USD",
    )([0, 4, 2], time);
    assert.equal(title, "0, 4, 2");
    const heights = [...markup`${content}`.html.matchAll(/ width="4" height="([\d.]+)"/g)].map(
      ([, height]) => height,
    );
    assert.deepEqual(heights, ["0", "16", "8"]);
  });

  it("shows a dash for nothing, whatever the type", () => {
    for (const type of [BIGINT, DOUBLE, STRING, BOOLEAN, TIMESTAMP, arrayOf(STRING), arrayOf(BIGINT)])
      assert.equal(cell("column", type, null), "–");
    assert.equal(cell("reasons", arrayOf(STRING), []), "–");
    assert.equal(cell("manual", BOOLEAN, false), "no");
  });
});
