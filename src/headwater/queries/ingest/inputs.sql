-- name: ingest/inputs(ids)
-- What these runs claim to have read.
-- param ids: list[str]   ids of runs
-- returns: run str, name str, claim str
-- cost: one index seek a run, then its inputs
-- browser: :param ids => ['0197a4f0-0000-7000-8000-000000000001']
SELECT r.id, n.text, c.claim
FROM json_each(:ids) AS i
CROSS JOIN run AS r ON r.id = i.value
CROSS JOIN consumption AS c ON c.run = r.key
CROSS JOIN name AS n ON n.key = c.name;
