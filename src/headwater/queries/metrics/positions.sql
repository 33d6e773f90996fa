-- name: metrics/positions(ids)
-- How many changes each of these series has seen.
-- param ids: list[str]   ids of series
-- returns: id str, position int
-- cost: one index seek a series
-- browser: :param ids => ['5f0c']
SELECT s.id, s.position FROM json_each(:ids) AS i CROSS JOIN series AS s ON s.id = i.value;
