/** Texts at random, near to SQL and far from it. */
import fc from "fast-check";

const WORDS =
  `SELECT FROM WHERE GROUP BY HAVING LATERAL VIEW OUTER explode AS a b \`c\` t.x 'text' 'it''s' "q" 1 2L 0.5 1e3 .5
  1x ( ) [ ] , ; . * + - / % || = == <> != < <= > >= <=> -> :: ! ~ & | ^ @ é CASE WHEN THEN ELSE END CAST TRY_CAST BIGINT
  INT INTERVAL 5 MINUTES MONTHS TO TIMESTAMP '2026-01-01' DATE NOT IN BETWEEN AND OR LIKE ILIKE RLIKE ESCAPE IS NULL TRUE
  FALSE DISTINCT ALL ANY FILTER OVER EXISTS JOIN LEFT ON USING CROSS PIVOT UNION EXCEPT MINUS WITH ROLLUP GROUPING SETS
  ORDER SORT LIMIT OFFSET ' " \` /* */ -- /*+ DIV count sum extract current_date`.split(/\s+/);

const MODEL = `SELECT window.start AS window_start, channel, count(*) FILTER (WHERE x = 'a') AS n, -1, b NOT IN (1, 2)
FROM (SELECT *, CASE WHEN a > 1 THEN 2 ELSE 3 END AS b FROM scored) s
LATERAL VIEW explode(array(named_struct('k', a), named_struct('k', b))) t AS k
WHERE a IS NOT NULL AND b BETWEEN 1 AND 2 OR c LIKE '%x' -- why
GROUP BY window(event_time, '1 minute'), channel HAVING count(*) > 3;`;

const word = fc.constantFrom(...WORDS);

export const anyWords = fc.array(word, { maxLength: 40 }).map((words) => words.join(" "));

/** A model with a piece cut out, and perhaps a word in its place. */
export const cutModel = fc
  .record({ from: fc.nat(MODEL.length), length: fc.nat(30), piece: fc.oneof(fc.constant(""), word) })
  .map(({ from, length, piece }) => MODEL.slice(0, from) + piece + MODEL.slice(from + length));

const TOKENS = MODEL.match(/\w+|'[^']*'|--.*|\s+|./g) ?? [];
const edit = fc.record({
  at: fc.nat(TOKENS.length),
  removed: fc.nat(1),
  put: fc.oneof(
    fc.constant(null),
    fc.nat(TOKENS.length - 1).map((index) => TOKENS[index] ?? ""),
    word,
  ),
});

/** A model with some words removed, replaced or put in. */
export const editedModel = fc.array(edit, { minLength: 1, maxLength: 3 }).map((edits) => {
  const tokens = [...TOKENS];
  for (const { at, removed, put } of edits) tokens.splice(at, removed, ...(put === null ? [] : [` ${put} `]));
  return tokens.join("");
});
