-- A row for every submitted application: how it looks to the two fraud cards and to both together, and the internal
-- reasons of each.
SELECT
  event_id,
  event_time,
  application_id,
  channel,
  product,
  amount_cents,
  fraud_score,
  fraud_band,
  suspected_fraud,
  identity_score,
  identity_odds_implied,
  identity_band,
  identity_reasons,
  behavior_score,
  behavior_odds_implied,
  behavior_band,
  behavior_reasons
FROM fraud_assessments
WHERE event_type = 'submitted'
