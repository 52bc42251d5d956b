-- Histograms, and what is read from them.
SELECT
  window_start,
  window_end,
  kind,
  rates,
  smalls,
  quantile(rates, 0.5) AS rate_p50,
  quantile(rates, 0.95) AS rate_p95,
  quantile(rates, 1) AS rate_p100,
  quantile(smalls, 0.5) AS small_p50,
  psi(rates, array(0.1, 0.2, 0.3, 0.4)) AS rate_shift,
  psi(smalls, array(0.5, 0.25, 0.25)) AS small_shift
FROM (
  SELECT
    window.start AS window_start,
    window.end AS window_end,
    kind,
    histogram(rate, array(-2.5, 0, 4)) AS rates,
    histogram(small, array(1, 3)) AS smalls
  FROM flat
  GROUP BY window(time, '4 minutes', '2 minutes'), kind
)
