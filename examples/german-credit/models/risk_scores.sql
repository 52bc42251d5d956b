SELECT
  _position,
  credit_score,
  credit_probability,
  credit_band,
  credit_reasons,
  credit_amount,
  duration_in_month
FROM scored
