-- A minute of a product and credit band: how many applications were submitted, and how risky they are. A ratio above
-- 10 counts as 10 in the mean, so that one applicant with next to no income does not stand for all; the histogram has
-- them where they are.
SELECT
  window.start AS window_start,
  window.end AS window_end,
  product,
  credit_band,
  count(*) AS applications,
  avg(risk_score) AS mean_risk_score,
  count_if(risk_band IN ('high', 'very_high')) AS high_risk,
  count_if(risk_band IN ('high', 'very_high')) / count(risk_band) AS high_risk_share,
  count(dti) AS with_dti,
  sum_fixed(least(dti, 10), 6) FILTER (WHERE dti IS NOT NULL) / 1000000 / count(dti) AS mean_dti,
  histogram(dti, array(0.1, 0.2, 0.3, 0.36, 0.43, 0.5, 0.6, 0.8, 1)) AS dti_histogram
FROM scored
WHERE event_type = 'submitted'
GROUP BY window(event_time, '1 minute'), product, credit_band
