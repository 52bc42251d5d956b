-- What an applicant can be recognised by: a row for each key that a submitted application carries.
SELECT
  event_time,
  application_id,
  product,
  ssn_token,
  k.kind AS key_kind,
  k.token AS key_token
FROM scored
LATERAL VIEW explode(array(
  named_struct('kind', 'device', 'token', device_id),
  named_struct('kind', 'ip', 'token', ip_token),
  named_struct('kind', 'ssn', 'token', ssn_token),
  named_struct('kind', 'email', 'token', email_token),
  named_struct('kind', 'phone', 'token', phone_token)
)) keys AS k
WHERE event_type = 'submitted' AND k.token IS NOT NULL
