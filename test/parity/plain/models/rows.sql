SELECT id, _partition, _position, amount, amount * rate AS part
FROM events
WHERE amount > 10
