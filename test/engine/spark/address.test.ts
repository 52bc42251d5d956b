import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAddress } from "../../../src/engine/spark/connect/address.ts";

test("an address has a port, and parameters after a semicolon", () => {
  const plain = { token: null, userId: "loanstream" };
  assert.deepEqual(parseAddress("sc://spark:1"), {
    baseUrl: "http://spark:1",
    shown: "sc://spark:1",
    ...plain,
  });
  assert.equal(parseAddress("sc://spark/").baseUrl, "http://spark:15002");
  assert.equal(parseAddress("sc://spark:1/;use_ssl=true").baseUrl, "https://spark:1");
  assert.equal(parseAddress("sc://spark:1/;user_id=ann%20b").userId, "ann b");
});

test("a token goes over TLS alone, and is never shown", () => {
  const { baseUrl, shown, token } = parseAddress("sc://spark:443/;token=se%3Dcret=;user_id=ann");
  assert.deepEqual(
    { baseUrl, shown, token },
    { baseUrl: "https://spark:443", shown: "sc://spark:443", token: "se=cret=" },
  );
  assert.throws(
    () => parseAddress("sc://spark:443/;token=secret;x=1"),
    /^LoanstreamError: sc:\/\/spark:443 has a parameter x \[usage/,
  );
  assert.throws(
    () => parseAddress("sc://spark:443;token=secret"),
    /^LoanstreamError: sc:\/\/spark:443 is no address of Spark Connect \[usage/,
  );
});

test("what is no address is refused", () => {
  for (const url of ["http://spark:1", "spark:1", "sc://", "sc://spark:x", "sc://spark:1/path"])
    assert.throws(
      () => parseAddress(url),
      /is no address of Spark Connect \[usage\.invalid\]\. Write it as sc:\/\/host:port/,
    );
});

test("a parameter that isn't written as in an address is refused without its value", () => {
  assert.throws(
    () => parseAddress("sc://spark:1/;token=100%secret"),
    ({ message }: Error) =>
      /parameter token that can't be read \[usage\.invalid\]/.test(message) && !/secret/.test(message),
  );
});
