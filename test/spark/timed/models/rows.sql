SELECT id, at, amount
FROM events
