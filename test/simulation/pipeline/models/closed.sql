-- Once for each window, when it closes.
SELECT window.start AS window_start, window.end AS window_end, flag, count(*) AS events, sum(amount) AS total
FROM events
WHERE amount IS NOT NULL
GROUP BY window(at, '2 minutes'), flag
HAVING sum(amount) > 0
