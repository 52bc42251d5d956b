SELECT
  id, time, clock, born, kind, name, amount, small, rate, any_rate, flag, tags,
  position, partition, ingest_time, value, `window`, place.e, place.value AS place_value
FROM events
