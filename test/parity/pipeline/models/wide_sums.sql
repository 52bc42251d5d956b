-- Sums past 2^53.
SELECT
  window.start AS window_start,
  window.end AS window_end,
  kind,
  sum(amount) AS total,
  sum(amount) / count(amount) AS mean,
  sum(amount) > 9007199254740991 AS beyond,
  greatest(least(sum(amount), 1000000), -1000000) AS clamped,
  sum(abs(amount)) AS turnover,
  sum(amount) FILTER (WHERE flag) AS flagged
FROM flat
GROUP BY window(time, '20 minutes'), kind
