-- What a lender may look at: neither sex and marital status, nor age, nor foreign worker. And not the outcome.
SELECT
  _position,
  status_of_existing_checking_account,
  duration_in_month,
  credit_history,
  purpose,
  credit_amount,
  savings_account_and_bonds,
  present_employment_since,
  installment_rate_in_percentage_of_disposable_income,
  other_debtors_or_guarantors,
  property,
  other_installment_plans
FROM events
