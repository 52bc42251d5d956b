/** A small schema with a leaf of every kind, for tests of the scanner. */
import { loadEventSchema } from "../../src/contract/load.ts";
import type { EventSchema } from "../../src/contract/schema.ts";

const text = `
type: object
required: [id, kind, at, loan]
properties:
  id: {type: string, format: uuid}
  kind: {type: string, enum: [started, decided, "a\\"b", zoë]}
  at: {type: string, format: date-time}
  clock: {type: integer, x-format: epoch-millis}
  born: {type: string, format: date}
  note: {type: string, maxLength: 4}
  free: {type: string}
  whole: {type: integer}
  flag: {type: boolean}
  loan:
    type: object
    required: [cents]
    properties:
      cents: {type: integer, minimum: -5, maximum: 1000000}
      rate: {type: number, minimum: -1.5, maximum: 1}
      any_rate: {type: number}
      place:
        type: object
        required: [city]
        properties:
          city: {type: string}
          codes: {type: array, items: {type: string, maxLength: 3}}
  decision:
    type: object
    properties:
      reasons: {type: array, items: {type: string, enum: [income, age]}}
      score: {type: integer, minimum: 300, maximum: 850}
allOf:
  - if: {properties: {kind: {const: decided}}}
    then: {required: [decision], properties: {decision: {required: [reasons]}}}
`;

export function sampleSchema(): EventSchema {
  const { schema } = loadEventSchema(text, "sample.yaml");
  if (!schema) throw new Error("the sample schema is broken");
  return schema;
}
