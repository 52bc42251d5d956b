-- Keys of TIMESTAMP, BIGINT and text, nulls among them.
SELECT
  window.start AS window_start,
  window.end AS window_end,
  clock,
  small,
  name,
  count(*) AS events,
  count(rate) AS rates,
  min(name) AS least_name,
  max(e) AS greatest_place,
  min(tags_text) AS least_tags,
  max(ingest_time) AS last_ingest,
  min(clock) AS first_clock
FROM (SELECT *, concat_ws(',', element_at(tags, 1), kind) AS tags_text FROM flat)
GROUP BY window(time, '1 minute'), clock, small, name
