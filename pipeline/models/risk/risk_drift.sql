-- How the applicants of a day, each hour anew, differ from those that the card's points were set for: the risk score
-- and each characteristic of risk.yaml in the card's own bins, and its population stability index against a baseline.
-- Where a characteristic can be absent, its first bin counts those of whom it is: a change of that is a change too.
-- Below 0.10 a distribution is stable, from there on worth watching, above 0.25 shifted. Of fewer than 300 applicants
-- chance alone makes such an index, so there is none.
--
-- The baseline is the shares of the bins among the generator's applicants (seed 1, a week of 56,211 applications).
-- A lender puts its own in their place: those of the applicants that the card was made on.
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
    'psi', psi(risk_score, array(0.0562, 0.0668, 0.0982, 0.1226, 0.1455, 0.1633, 0.1722, 0.0744, 0.0585, 0.0423))
  ),
  named_struct(
    'name', 'credit_score',
    'histogram', credit_score,
    'psi', psi(credit_score, array(0.0593, 0.1532, 0.0921, 0.0952, 0.2008, 0.2148, 0.1846))
  ),
  named_struct(
    'name', 'dti',
    'histogram', dti,
    'psi', psi(dti, array(0.0759, 0.072, 0.3037, 0.1708, 0.1368, 0.2408))
  ),
  named_struct(
    'name', 'annual_income',
    'histogram', annual_income,
    'psi', psi(annual_income, array(0.0302, 0.1055, 0.2471, 0.4287, 0.1885))
  ),
  named_struct(
    'name', 'years_employed',
    'histogram', years_employed,
    'psi', psi(years_employed, array(0.1071, 0.1492, 0.2305, 0.2697, 0.2435))
  ),
  named_struct(
    'name', 'revolving_utilization',
    'histogram', revolving_utilization,
    'psi', psi(revolving_utilization, array(0.0593, 0.1621, 0.2468, 0.2792, 0.2179, 0.0346))
  ),
  named_struct(
    'name', 'delinquencies',
    'histogram', delinquencies,
    'psi', psi(delinquencies, array(0, 0.7513, 0.1711, 0.0776))
  ),
  named_struct(
    'name', 'inquiries',
    'histogram', inquiries,
    'psi', psi(inquiries, array(0, 0.4787, 0.3975, 0.1175, 0.0063))
  ),
  named_struct(
    'name', 'oldest_account',
    'histogram', oldest_account,
    'psi', psi(oldest_account, array(0.0593, 0.0198, 0.0304, 0.1073, 0.7832))
  ),
  named_struct(
    'name', 'income_verified',
    'histogram', income_verified,
    'psi', psi(income_verified, array(0.3459, 0.6541))
  )
)) characteristics AS c
