-- Rows made above the aggregate, some of them left out.
SELECT window_start, window_end, name, part.kind AS kind, part.events AS events, part.events / all_events AS share
FROM (
  SELECT
    window.start AS window_start,
    window.end AS window_end,
    name,
    count(*) AS all_events,
    count_if(kind = 'a') AS a,
    count_if(kind = 'b') AS b,
    count_if(kind IS NULL) AS unknown
  FROM flat
  WHERE NOT kind <=> 'c'
  GROUP BY window(time, '10 minutes'), name
)
LATERAL VIEW explode(array(
  named_struct('kind', 'a', 'events', a),
  named_struct('kind', 'b', 'events', b),
  named_struct('kind', 'unknown', 'events', unknown)
)) parts AS part
WHERE part.events > 0 AND part.events / all_events < 1 OR name LIKE 'b%'
