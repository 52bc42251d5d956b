-- What an applicant can be recognised by: a row for each key that a submitted application carries. The terminal of a
-- branch, broker or call centre and its address are no applicant's: they say who took the application, not who made
-- it, so they are left out.
SELECT
  event_time,
  application_id,
  channel,
  product,
  ssn_token,
  k.kind AS key_kind,
  k.token AS key_token
FROM applications
LATERAL VIEW explode(array(
  named_struct(
    'kind', 'device',
    'token', CASE WHEN channel IN ('branch', 'broker', 'call_center') THEN NULL ELSE device_id END
  ),
  named_struct(
    'kind', 'ip',
    'token', CASE WHEN channel IN ('branch', 'broker', 'call_center') THEN NULL ELSE ip_token END
  ),
  named_struct('kind', 'ssn', 'token', ssn_token),
  named_struct('kind', 'email', 'token', email_token),
  named_struct('kind', 'phone', 'token', phone_token)
)) keys AS k
WHERE event_type = 'submitted' AND k.token IS NOT NULL
