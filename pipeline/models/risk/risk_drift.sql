-- How the applicants of a day, each hour anew, differ from those that the card's points were set for: the risk score
-- and the main characteristics of risk.yaml in the card's own bins, and its population stability index against a baseline.
-- Where a characteristic can be absent, its first bin counts those of whom it is: a change of that is a change too.
-- Below 0.10 a distribution is stable, from there on worth watching, above 0.25 shifted. Of fewer than 300 applicants
-- chance alone makes such an index, so there is none.
--
-- The baseline is the shares of the bins among the generator's ordinary applicants: a week of 409,374 applications
-- without a scenario, seed 1, as `node docs/scripts/baselines.ts` of loanstream's sources prints them. A lender puts
-- its own in their place: those of the applicants that the card was made on.
SELECT
  window_start,
  window_end,
  c.name AS characteristic,
  applications,
  c.histogram,
  CASE WHEN applications >= 300 THEN c.psi END AS psi,
  CASE
    WHEN applications < 300 THEN 'not enough data'
    WHEN c.psi < 0.1 THEN 'stable'
    WHEN c.psi <= 0.25 THEN 'watch'
    ELSE 'shifted'
  END AS verdict
FROM (
  SELECT
    window.start AS window_start,
    window.end AS window_end,
    count(*) AS applications,
    histogram(risk_score, array(490, 510, 530, 550, 570, 590, 610, 620, 630)) AS risk_score,
    histogram(coalesce(credit_score, 0), array(300, 580, 620, 660, 720, 780)) AS credit_score,
    histogram(coalesce(dti, -1), array(0, 0.2, 0.36, 0.43, 0.5)) AS dti,
    histogram(coalesce(annual_income_cents, -1), array(0, 2400000, 4800000, 9600000)) AS annual_income,
    histogram(coalesce(years_employed, -1), array(0, 1, 3, 7)) AS years_employed,
    histogram(coalesce(revolving_utilization, -1), array(0, 0.1, 0.3, 0.5, 0.8)) AS revolving_utilization,
    histogram(coalesce(delinquencies_24m, -1), array(0, 1, 2)) AS delinquencies,
    histogram(coalesce(inquiries_6m, -1), array(0, 2, 4, 7)) AS inquiries,
    histogram(coalesce(oldest_account_months, -1), array(0, 12, 36, 96)) AS oldest_account,
    histogram(CASE WHEN income_verified THEN 1 ELSE 0 END, array(1)) AS income_verified
  FROM scored
  WHERE event_type = 'submitted'
  GROUP BY window(event_time, '24 hours', '1 hour')
)
LATERAL VIEW explode(array(
  named_struct(
    'name', 'risk_score',
    'histogram', risk_score,
    'psi', psi(risk_score, array(0.0527, 0.0641, 0.0992, 0.1234, 0.1433, 0.1603, 0.1748, 0.0758, 0.0622, 0.0443))
  ),
  named_struct(
    'name', 'credit_score',
    'histogram', credit_score,
    'psi', psi(credit_score, array(0.0589, 0.1497, 0.0951, 0.0956, 0.1982, 0.2138, 0.1886))
  ),
  named_struct(
    'name', 'dti',
    'histogram', dti,
    'psi', psi(dti, array(0.076, 0.0725, 0.3024, 0.1723, 0.1363, 0.2405))
  ),
  named_struct(
    'name', 'annual_income',
    'histogram', annual_income,
    'psi', psi(annual_income, array(0.0303, 0.1018, 0.2467, 0.4314, 0.1898))
  ),
  named_struct(
    'name', 'years_employed',
    'histogram', years_employed,
    'psi', psi(years_employed, array(0.1062, 0.1485, 0.229, 0.2715, 0.2448))
  ),
  named_struct(
    'name', 'revolving_utilization',
    'histogram', revolving_utilization,
    'psi', psi(revolving_utilization, array(0.0589, 0.164, 0.2481, 0.2804, 0.2156, 0.033))
  ),
  named_struct(
    'name', 'delinquencies',
    'histogram', delinquencies,
    'psi', psi(delinquencies, array(0, 0.7552, 0.1693, 0.0755))
  ),
  named_struct(
    'name', 'inquiries',
    'histogram', inquiries,
    'psi', psi(inquiries, array(0, 0.4827, 0.3943, 0.1173, 0.0057))
  ),
  named_struct(
    'name', 'oldest_account',
    'histogram', oldest_account,
    'psi', psi(oldest_account, array(0.0589, 0.0202, 0.0291, 0.1064, 0.7854))
  ),
  named_struct(
    'name', 'income_verified',
    'histogram', income_verified,
    'psi', psi(income_verified, array(0.3347, 0.6653))
  )
)) characteristics AS c
