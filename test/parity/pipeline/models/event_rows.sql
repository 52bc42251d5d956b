-- Every field as it came, and the lists.
SELECT
  *,
  size(tags) AS tag_count,
  array_sort(tags) AS sorted_tags,
  slice(array_sort(filter(tags, tag -> tag <> name)), 1, 2) AS other_tags,
  element_at(tags, 1) AS first_tag,
  element_at(tags, -1) AS last_tag,
  date_trunc('HOUR', clock) AS clock_hour,
  unix_millis(time) AS time_ms,
  round(rate, 2) AS rounded_rate,
  floor(rate) AS whole_rate,
  any_rate / rate AS ratio,
  amount % 7 AS remainder,
  concat_ws('-', name, kind, e) AS label
FROM flat
