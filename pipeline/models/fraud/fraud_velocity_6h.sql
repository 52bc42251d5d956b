-- Keys that several applications share within six hours. Thresholds by kind: a campus or a family shares an address, a
-- family a device; an SSN, an e-mail or a phone is one person's, who may ask for more than one product.
SELECT
  window.start AS window_start,
  window.end AS window_end,
  key_kind,
  key_token,
  count(*) AS applications,
  array_sort(collect_set(application_id)) AS application_ids,
  size(collect_set(ssn_token)) AS identities,
  size(collect_set(product)) AS products
FROM fraud_keys
GROUP BY window(event_time, '6 hours', '30 minutes'), key_kind, key_token
HAVING count(*) >= CASE key_kind WHEN 'ip' THEN 10 WHEN 'device' THEN 4 ELSE 3 END
