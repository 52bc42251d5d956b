SELECT window.start AS minute, window.end AS minute_end, sum(amount) AS amount
FROM events
GROUP BY window(at, '1 minute')
