-- A HAVING over several aggregates, below a projection.
SELECT window_start, window_end, name, events, names, events / names AS events_a_name
FROM (
  SELECT
    window.start AS window_start,
    window.end AS window_end,
    name,
    count(*) AS events,
    size(collect_set(id)) AS names
  FROM flat
  WHERE name IS NOT NULL
  GROUP BY window(time, '10 minutes', '2 minutes'), name
  HAVING count(*) >= 3 AND size(collect_set(kind)) > 1 OR name = ''
)
