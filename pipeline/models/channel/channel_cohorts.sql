-- What happened on a day to the applications that were started in a channel on one day, that day or before. All are
-- counts, to be summed over the event days of a cohort where they are read:
--   abandonment   1 - submitted / started
--   approval      approved / submitted
--   pull-through  funded / submitted
--   conversion    funded / started
-- A young cohort is not yet complete: the greatest cohort_age_days says how far it is. Suspected fraud is known from
-- submitted on, so rates without it begin there: approved_unsuspected / submitted_unsuspected.
SELECT
  window.start AS window_start,
  window.end AS window_end,
  channel,
  date_trunc('DAY', started_at) AS cohort_day,
  (unix_millis(window.start) - unix_millis(date_trunc('DAY', started_at))) div 86400000 AS cohort_age_days,
  count_if(event_type = 'started') AS started,
  count_if(event_type = 'abandoned') AS abandoned,
  count_if(event_type = 'submitted') AS submitted,
  count_if(event_type = 'decided') AS decided,
  count_if(event_type = 'decided' AND outcome = 'approved') AS approved,
  count_if(event_type = 'decided' AND outcome = 'denied') AS denied,
  count_if(event_type = 'funded') AS funded,
  count_if(event_type = 'submitted' AND NOT suspected_fraud) AS submitted_unsuspected,
  count_if(event_type = 'decided' AND NOT suspected_fraud) AS decided_unsuspected,
  count_if(event_type = 'decided' AND outcome = 'approved' AND NOT suspected_fraud) AS approved_unsuspected,
  count_if(event_type = 'decided' AND outcome = 'denied' AND NOT suspected_fraud) AS denied_unsuspected,
  count_if(event_type = 'funded' AND NOT suspected_fraud) AS funded_unsuspected
FROM fraud_assessments
GROUP BY window(event_time, '1 day'), channel, date_trunc('DAY', started_at)
