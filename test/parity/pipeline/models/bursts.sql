-- The last minutes of a window against all of it.
SELECT
  window.start AS window_start,
  window.end AS window_end,
  kind,
  count(*) AS events,
  count_if(time >= window.end - INTERVAL 5 MINUTES) AS last_five,
  count_if(flag AND time >= window.end - INTERVAL 1 MINUTE) AS flagged_last_minute,
  sum(small) FILTER (WHERE time >= window.end - INTERVAL 2 MINUTES) AS last_small,
  max(name) FILTER (WHERE time >= window.end - INTERVAL 2 MINUTES AND small > 0) AS last_name,
  histogram(rate, array(-1, 0, 2.5)) FILTER (WHERE time >= window.end - INTERVAL 5 MINUTES) AS last_rates
FROM flat
GROUP BY window(time, '10 minutes', '1 minute'), kind
