-- A row for every submitted application: its score, what the score implies, and at most four reasons.
SELECT
  event_id,
  event_time,
  application_id,
  channel,
  product,
  amount_cents,
  credit_band,
  new_payment_cents,
  dti,
  dti_band,
  dti_missing,
  risk_score,
  risk_odds_implied,
  risk_band,
  risk_reasons
FROM scored
WHERE event_type = 'submitted'
