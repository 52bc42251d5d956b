-- A row for each event that is not of kind c.
SELECT id, at, kind, name, amount, amount * 2 + 1 AS odd, CASE WHEN flag THEN 'yes' WHEN rate > 5 THEN 'much' END AS verdict
FROM events
WHERE NOT kind <=> 'c'
