-- Channels to which more comes all at once than they are used to: the applications submitted in the last five minutes
-- of an hour against those of the hour, each minute anew. An even stream has a burst ratio of 1, one that came in the
-- last five minutes alone a ratio of 12. Hours of fewer than 30 say nothing and are left out; so is the first half hour
-- of a channel that opens, or was not yet watched: with fewer than five before it there is nothing to compare it with.
SELECT
  window.start AS window_start,
  window.end AS window_end,
  channel,
  count_if(event_type = 'submitted') AS submitted,
  count_if(event_type = 'submitted' AND event_time >= window.end - INTERVAL 5 MINUTES) AS submitted_last_5m,
  count_if(event_type = 'submitted' AND event_time >= window.end - INTERVAL 5 MINUTES) * 12
    / count_if(event_type = 'submitted') AS burst_ratio
FROM applications
GROUP BY window(event_time, '1 hour', '1 minute'), channel
HAVING
  count_if(event_type = 'submitted') >= 30
  AND count_if(event_type = 'submitted')
    - count_if(event_type = 'submitted' AND event_time >= window.end - INTERVAL 30 MINUTES) >= 5
