SELECT
  window.start AS window_start,
  window.end AS window_end,
  count_if(kind = 'a') AS a,
  count_if(kind = 'b') AS b,
  count(*) AS events
FROM events
GROUP BY window(at, '4 minutes', '2 minutes')
