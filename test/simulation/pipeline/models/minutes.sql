-- Every aggregate, by minute and kind.
SELECT
  window.start AS window_start,
  window.end AS window_end,
  kind,
  count(*) AS events,
  count(amount) AS amounts,
  count_if(flag) AS flagged,
  count_if(amount > 0) FILTER (WHERE NOT flag) AS unflagged_above,
  sum(amount) AS total,
  avg(amount) AS mean,
  sum_fixed(rate, 6) AS rates,
  min(rate) AS least_rate,
  max(name) AS last_name,
  min(at) AS first_at,
  histogram(rate, array(1, 2, 5)) AS histogram_of_rates,
  quantile(histogram(rate, array(1, 2, 5)), 0.5) AS median_rate,
  array_sort(collect_set(name)) AS names
FROM events
GROUP BY window(at, '1 minute'), kind
