/** The README of a new pipeline folder. */
import { basename, resolve } from "node:path";

export function readmeOf(directory: string): string {
  return `# ${basename(resolve(directory))}

A loanstream pipeline: what is computed of loan applications, as data. Change any of it.

| file | what it says |
| --- | --- |
| \`pipeline.yaml\` | the source, how late an event may be, and the tables that are put out |
| \`schema.yaml\` | the event, as JSON Schema: types, ranges, what is personal (\`x-pii\`) and protected (\`x-protected\`) |
| \`models/**/NAME.sql\` | a model: one \`SELECT\` in Spark's SQL over \`events\` or another model, by its name |
| \`models/**/NAME.yaml\` | what the model's columns mean, and their units |
| \`models/**/NAME.test.yaml\` | given events, and the rows that the model makes of them |
| \`examples.yaml\` | the events that tests start from |
| \`scorecards/NAME.yaml\` | a scorecard; the model \`scored\` is \`applications\` with its columns |
| \`reasons.yaml\` | the reasons that a scorecard may give, and their texts |
| \`alerts.yaml\` | when a row of a table is an alert |
| \`schemas/\` | what editors check and complete these files by; each file names its own in its first line |

\`\`\`sh
loanstream check --pipeline .                  # everything that is wrong, with file, line and column
loanstream test --pipeline .                   # the tests, on the embedded engine
loanstream test --pipeline . --engine spark    # the same on Spark
loanstream sql MODEL --pipeline .              # a model as Spark runs it
loanstream run --pipeline .                    # live, over made-up applications
loanstream analyze FILE --pipeline .           # over a file of events
\`\`\`

An analysis more is a folder in \`models/\` and a line in \`pipeline.yaml\`.
`;
}
