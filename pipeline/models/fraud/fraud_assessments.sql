-- Every event with what the two fraud cards make of it together. Both are scaled alike, 20 points halve the odds of
-- an honest application and 100 stand for the prevalence, so what they find adds up, the prevalence counted once.
-- Suspected is an application at odds of about 6 to 1 or worse. Velocity is not in the score: what several
-- applications share is in the tables fraud_velocity_*.
SELECT
  *,
  CASE
    WHEN fraud_score IS NULL THEN NULL
    WHEN fraud_score >= 220 THEN 'very_high'
    WHEN fraud_score >= 180 THEN 'high'
    WHEN fraud_score >= 140 THEN 'elevated'
    ELSE 'low'
  END AS fraud_band,
  fraud_score >= 180 AS suspected_fraud
FROM (
  SELECT
    *,
    identity_score + behavior_score - 100 AS fraud_score
  FROM scored
)
