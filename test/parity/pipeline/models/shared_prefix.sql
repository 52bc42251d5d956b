-- Another reading of what crowded and by_flag read, with columns called as the renderer's own.
SELECT
  window.start AS window_start,
  window.end AS window_end,
  `window` AS `_key_1`,
  _exploded.kind AS kind,
  count(*) AS events,
  count(`window`) AS windows,
  size(collect_set(_key_2)) AS keys
FROM (SELECT time, `window`, name AS _key_2, name AS _key_1, kind, e FROM flat)
LATERAL VIEW explode(array(named_struct('kind', kind), named_struct('kind', e))) x AS _exploded
WHERE _exploded.kind IS NOT NULL
GROUP BY window(time, '3 minutes'), `window`, _exploded.kind
