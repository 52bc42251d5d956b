-- A minute of a channel on one kind of device: how many events, how the form went, how the system answered.
-- Each measure is over the event type that carries it anew: form measures over submitted events, page loads over
-- started ones, answers of the API over both.
SELECT
  window_start,
  window_end,
  channel,
  device_os,
  started,
  submitted,
  decided,
  funded,
  abandoned,
  mean_form_s,
  mean_field_corrections,
  quantile(page_load_ms, 0.95) AS page_load_ms_p95,
  quantile(api_latency_ms, 0.95) AS api_latency_ms_p95,
  with_errors / requests AS error_rate,
  server_errors / requests AS server_error_rate
FROM (
  SELECT
    window.start AS window_start,
    window.end AS window_end,
    channel,
    coalesce(device_os, 'unknown') AS device_os,
    count_if(event_type = 'started') AS started,
    count_if(event_type = 'submitted') AS submitted,
    count_if(event_type = 'decided') AS decided,
    count_if(event_type = 'funded') AS funded,
    count_if(event_type = 'abandoned') AS abandoned,
    avg(form_s) FILTER (WHERE event_type = 'submitted') AS mean_form_s,
    avg(field_corrections) FILTER (WHERE event_type = 'submitted') AS mean_field_corrections,
    histogram(page_load_ms, array(100, 200, 400, 800, 1200, 2000, 3000, 5000, 10000, 30000))
      FILTER (WHERE event_type = 'started') AS page_load_ms,
    histogram(api_latency_ms, array(25, 50, 100, 200, 400, 800, 1500, 3000, 10000, 30000))
      FILTER (WHERE event_type IN ('started', 'submitted')) AS api_latency_ms,
    count_if(event_type IN ('started', 'submitted') AND errors > 0) AS with_errors,
    count_if(event_type IN ('started', 'submitted') AND http_status >= 500) AS server_errors,
    count_if(event_type IN ('started', 'submitted') AND http_status IS NOT NULL) AS requests
  FROM applications
  GROUP BY window(event_time, '1 minute'), channel, coalesce(device_os, 'unknown')
)
