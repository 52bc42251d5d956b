-- A HAVING that could turn false again, so the rows leave when the window closes.
SELECT
  window.start AS window_start,
  window.end AS window_end,
  flag,
  kind = 'a' AS is_a,
  sum(small) AS total,
  avg(small) AS mean,
  avg(amount) AS mean_amount,
  sum_fixed(rate, 6) AS rates,
  min(any_rate) AS least,
  max(any_rate) AS most
FROM flat
GROUP BY window(time, '5 minutes'), flag, kind = 'a'
HAVING sum(small) < 40 OR flag IS NULL
