-- The event as the models see it: flat, by the fields' own names, with what several analyses derive from it.
-- Personal values stay behind; their tokens are handed on.
--
-- DTI = (monthly debt + housing + the new payment) / gross monthly income. The new payment is the amortised
-- instalment P·r/(1 − exp(−n·ln(1+r))) at the quoted rate, else at a rate usual for the product; for a card 5 % of
-- the line. A mortgage replaces the current housing cost. Small business is judged by debt-service coverage and has
-- no DTI; without income there is none either.
-- DTI bands at 0.36, 0.43 and 0.50; credit-score bands as the CFPB's Consumer Credit Trends.
SELECT
  *,
  CASE
    WHEN dti IS NULL THEN NULL
    WHEN dti < 0.36 THEN 'under_36'
    WHEN dti < 0.43 THEN '36_to_43'
    WHEN dti < 0.5 THEN '43_to_50'
    ELSE '50_and_over'
  END AS dti_band,
  CASE
    WHEN submitted_at IS NULL OR dti IS NOT NULL THEN NULL
    WHEN product = 'small_business' THEN 'small_business'
    WHEN annual_income_cents > 0 THEN 'incomplete'
    ELSE 'no_income'
  END AS dti_missing,
  CASE
    WHEN submitted_at IS NULL THEN NULL
    WHEN credit_score IS NULL THEN 'no_file'
    WHEN credit_score < 580 THEN 'deep_subprime'
    WHEN credit_score < 620 THEN 'subprime'
    WHEN credit_score < 660 THEN 'near_prime'
    WHEN credit_score < 720 THEN 'prime'
    ELSE 'super_prime'
  END AS credit_band
FROM (
  SELECT
    *,
    CASE
      WHEN product = 'small_business' THEN NULL
      ELSE (monthly_debt_cents + housing_cents + new_payment_cents) / (annual_income_cents / 12)
    END AS dti
  FROM (
    SELECT
      *,
      CASE WHEN product = 'mortgage' THEN 0 ELSE coalesce(current_housing_cents, 0) END AS housing_cents,
      CASE
        WHEN product = 'credit_card' THEN CAST(round(0.05 * amount_cents) AS BIGINT)
        WHEN amount_cents IS NULL OR term_months IS NULL THEN NULL
        WHEN monthly_rate < 0.000001 THEN CAST(round(amount_cents / term_months) AS BIGINT)
        -- Over at least a month, at a rate of at most 100 % a year, an instalment is less than 1.1 times the amount.
        ELSE CAST(
          round(
            greatest(
              0,
              least(
                amount_cents * monthly_rate / (1 - exp(-(term_months * ln(1 + monthly_rate)))),
                1.1 * coalesce(amount_cents, 0)
              )
            )
          ) AS BIGINT
        )
      END AS new_payment_cents
    FROM (
      SELECT
        event_id,
        event_type,
        event_time,
        started_at,
        submitted_at,
        application_id,
        channel,
        loan.product,
        loan.amount_cents,
        loan.term_months,
        loan.purpose,
        loan.quoted_apr,
        loan.collateral_cents,
        coalesce(
          loan.quoted_apr,
          CASE loan.product
            WHEN 'mortgage' THEN 0.07
            WHEN 'auto' THEN 0.09
            WHEN 'student' THEN 0.08
            WHEN 'small_business' THEN 0.11
            ELSE 0.13
          END
        ) / 12 AS monthly_rate,
        behavior.session_id,
        behavior.device_id,
        behavior.device_os,
        behavior.device_first_seen_at,
        behavior.browser,
        behavior.ip_token,
        behavior.ip_country,
        behavior.ip_distance_km,
        behavior.session_s,
        behavior.form_s,
        behavior.field_corrections,
        behavior.pasted_fields,
        applicant.applicant_id,
        applicant.email_token,
        applicant.phone_token,
        applicant.ssn_token,
        applicant.tax_id_type,
        applicant.address.state,
        applicant.months_at_address,
        applicant.housing,
        applicant.current_housing_cents,
        applicant.employment_status,
        applicant.years_employed,
        applicant.customer_since,
        applicant.contact_changed_days,
        applicant.segment AS declared_segment,
        financial.annual_income_cents,
        financial.income_verified,
        financial.employment_verified,
        financial.monthly_debt_cents,
        financial.credit_score,
        financial.revolving_utilization,
        financial.delinquencies_24m,
        financial.delinquencies_with_us,
        financial.collections,
        financial.inquiries_7d,
        financial.inquiries_6m,
        financial.bankruptcies,
        financial.oldest_account_months,
        financial.savings_cents,
        financial.internal_grade,
        identity.document_check,
        identity.selfie_match,
        identity.name_email_similarity,
        identity.email_age_days,
        identity.phone_verified,
        identity.address_match,
        identity.bureau_match,
        identity.tax_id_status,
        decision.outcome,
        decision.mode,
        decision.reasons AS decision_reasons,
        decision.approved_amount_cents,
        decision.decided_at,
        decision.processing_ms,
        decision.offered_rate,
        decision.funded_cents,
        technical.page_load_ms,
        technical.api_latency_ms,
        technical.errors,
        technical.http_status,
        technical.client_version
      FROM events
    )
  )
)
