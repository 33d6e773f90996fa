-- name: deletion/states(names, digests)
-- Every state of each of these names, produced or not, made by a run or not; every produced one with each of these contents.
-- param names: list[str]   exact names
-- param digests: list[str]   digests of contents
-- returns: id str, name str, digest str | null
-- cost: one index seek a name or digest, then its states
-- browser: :param names => ['predictions.csv']
-- browser: :param digests => []
SELECT s.id, n.text, s.digest
FROM json_each(:names) AS i CROSS JOIN name AS n ON n.text = i.value CROSS JOIN state AS s ON s.name = n.key
UNION
SELECT s.id, n.text, s.digest
FROM json_each(:digests) AS i CROSS JOIN state AS s ON s.digest = i.value AND s.produced_at IS NOT NULL AND s.maker IS NOT NULL
CROSS JOIN name AS n ON n.key = s.name;
