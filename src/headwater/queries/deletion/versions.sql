-- name: deletion/versions(names)
-- Every produced state of each of these names.
-- param names: list[str]   exact names
-- returns: id str, name str, run str, produced_at datetime, erased bool
-- cost: one index seek a name, then its states
-- browser: :param names => ['predictions.csv']
SELECT s.id, n.text, s.maker, s.produced_at, s.erased IS NOT NULL
FROM json_each(:names) AS i CROSS JOIN name AS n ON n.text = i.value
CROSS JOIN state AS s ON s.name = n.key AND s.produced_at IS NOT NULL;
