-- Several rows an event.
SELECT id, v.kind AS element, v.number AS number, v.number * 2 AS doubled
FROM flat
LATERAL VIEW explode(array(
  named_struct('kind', 'small', 'number', small),
  named_struct('kind', 'position', 'number', position),
  named_struct('kind', 'one', 'number', 1)
)) elements AS v
WHERE v.number IS NOT NULL AND NOT coalesce(flag, false)
