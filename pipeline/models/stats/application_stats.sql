-- A minute of a channel: how many events of each kind, how decisions went and how long they took.
-- The decision approval rate is approved / (approved + denied) among the minute's decisions; rates across event
-- types are cohort rates and stand elsewhere.
SELECT
  *,
  quantile(processing_ms_histogram, 0.5) AS processing_ms_p50,
  quantile(processing_ms_histogram, 0.95) AS processing_ms_p95,
  quantile(processing_ms_histogram, 0.99) AS processing_ms_p99
FROM (
  SELECT
    window.start AS window_start,
    window.end AS window_end,
    channel,
    count(*) AS events,
    count_if(event_type = 'started') AS started,
    count_if(event_type = 'submitted') AS submitted,
    count_if(event_type = 'decided') AS decided,
    count_if(event_type = 'funded') AS funded,
    count_if(event_type = 'abandoned') AS abandoned,
    count_if(event_type = 'decided' AND outcome = 'approved') AS approved,
    count_if(event_type = 'decided' AND outcome = 'counteroffer') AS counteroffered,
    count_if(event_type = 'decided' AND outcome = 'denied') AS denied,
    count_if(event_type = 'decided' AND outcome = 'withdrawn') AS withdrawn,
    count_if(event_type = 'decided' AND outcome = 'incomplete') AS incomplete,
    count_if(event_type = 'decided' AND outcome = 'approved')
      / count_if(event_type = 'decided' AND outcome IN ('approved', 'denied')) AS decision_approval_rate,
    sum(amount_cents) FILTER (WHERE event_type = 'submitted') AS submitted_amount_cents,
    avg(amount_cents) FILTER (WHERE event_type = 'submitted') AS mean_submitted_amount_cents,
    sum(approved_amount_cents) FILTER (WHERE event_type = 'decided') AS approved_amount_cents,
    sum(funded_cents) FILTER (WHERE event_type = 'funded') AS funded_amount_cents,
    histogram(
      processing_ms,
      array(1000, 3000, 10000, 30000, 60000, 300000, 900000, 3600000, 14400000, 86400000, 259200000)
    ) FILTER (WHERE event_type = 'decided') AS processing_ms_histogram
  FROM applications
  GROUP BY window(event_time, '1 minute'), channel
)
