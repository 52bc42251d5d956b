-- Each submitted application with its segment: the one that the lender declared, else by what is known of the
-- applicant, the first that fits.
SELECT
  *,
  coalesce(
    declared_segment,
    CASE
      WHEN product = 'small_business' THEN 'business'
      WHEN employment_status = 'student' THEN 'student'
      WHEN annual_income_cents >= 15000000 AND credit_score >= 740 THEN 'affluent'
      WHEN credit_score IS NULL OR oldest_account_months < 24 THEN 'new_to_credit'
      WHEN credit_score < 620 THEN 'rebuilding'
      ELSE 'mainstream'
    END
  ) AS segment
FROM scored
WHERE event_type = 'submitted'
