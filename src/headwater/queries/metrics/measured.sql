-- name: metrics/measured(ids)
-- These values of metrics, as they are kept.
-- param ids: list[str]   ids of values
-- returns: id str, said str
-- cost: one index seek a value
-- browser: :param ids => ['m1']
SELECT m.id, m.said FROM json_each(:ids) AS i CROSS JOIN measurement AS m ON m.id = i.value;
