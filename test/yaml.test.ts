import assert from "node:assert/strict";
import { test } from "node:test";
import { type Diagnostic, formatDiagnostic } from "../src/errors.ts";
import { parseYaml, type YamlNode } from "../src/yaml.ts";

function complaints(text: string, read: (root: YamlNode) => unknown = () => null): string[] {
  const diagnostics: Diagnostic[] = [];
  read(parseYaml(text, "a.yaml", diagnostics));
  return diagnostics.map(formatDiagnostic);
}

test("values are read by their kind", () => {
  const diagnostics: Diagnostic[] = [];
  const root = parseYaml("a: text\nb: [1, 2.5]\nc: {d: true}\ne: null\n", "a.yaml", diagnostics).map();
  assert.equal(root.get("a").string(), "text");
  assert.deepEqual(
    root
      .get("b")
      .list()
      .map((item) => item.number()),
    [1, 2.5],
  );
  assert.equal(root.get("c").map(["d"]).get("d").boolean(), true);
  assert.equal(root.get("e").kind, "null");
  assert.equal(root.optional("f").string(), null);
  assert.deepEqual(diagnostics, []);
});

test("several mistakes are reported at once, each at its place", () => {
  const found = complaints("a: 1\nb: x\nc: [one]\nd: 1.5\nz: 0\n", (node) => {
    const root = node.map(["a", "b", "c", "d", "e"]);
    root.get("a").string();
    root.get("b").oneOf(["x1", "x2"]);
    for (const item of root.get("c").list()) item.number();
    root.get("d").integer();
    root.get("e").map().get("inner");
  });
  assert.deepEqual(found, [
    'a.yaml:5:1: the key "z" is not known here [yaml.unknown-key]. Remove it, or write one of: a, b, c, d, e.',
    "a.yaml:1:4: expected a text, found a number [yaml.wrong-type]. Write a text, in quotes if need be.",
    'a.yaml:2:4: "x" is not known here [yaml.wrong-value]. Write "x1" or "x2".',
    "a.yaml:3:5: expected a number, found a text [yaml.wrong-type]. Write a number.",
    "a.yaml:4:4: expected a whole number [yaml.wrong-value]. Write a whole number within ±9007199254740991.",
    'a.yaml:1:1: the key "e" is missing [yaml.missing-key]. Add "e:".',
  ]);
});

test("a key that stands twice is refused", () => {
  assert.deepEqual(complaints("a: 1\na: 2\n"), [
    "a.yaml:2:1: this key stands twice [yaml.duplicate-key]. Keep one of the two.",
  ]);
});

test("broken syntax is reported once, and reading goes on over a missing value", () => {
  const found = complaints("a: [1, 2\nb: 3\n", (root) => root.map(["a"]).get("a").list());
  assert.equal(found.length >= 1, true);
  assert.match(found[0] ?? "", /^a\.yaml:\d+:\d+: this is not valid YAML: .* \[yaml\.invalid\]/);
});

test("an empty file is no map", () => {
  assert.deepEqual(
    complaints("", (root) => root.map(["a"]).get("a")),
    ["a.yaml:1:1: expected a map (key: value), found nothing [yaml.wrong-type]. Write a map (key: value)."],
  );
});

test("an alias is refused, so that no document can refer to itself", () => {
  assert.deepEqual(complaints("a: &x {b: *x}\n"), [
    "a.yaml:1:11: aliases are not read here [yaml.invalid]. Write the value out.",
  ]);
});

test("a whole number outside ±(2^53-1) is refused", () => {
  assert.equal(complaints("9007199254740993", (root) => root.integer()).length, 1);
});
