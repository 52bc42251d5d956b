-- Sliding windows over an unpivot, with a HAVING that a group can only come to fulfil.
SELECT
  window.start AS window_start,
  window.end AS window_end,
  key.kind AS key_kind,
  key.value AS key_value,
  count(*) AS events,
  size(collect_set(id)) AS ids,
  count_if(at >= window.end - INTERVAL 1 MINUTE) AS last_minute
FROM events
LATERAL VIEW explode(array(
  named_struct('kind', 'name', 'value', name),
  named_struct('kind', 'kind', 'value', kind)
)) k AS key
WHERE key.value IS NOT NULL
GROUP BY window(at, '5 minutes', '1 minute'), key.kind, key.value
HAVING count(*) >= 2
