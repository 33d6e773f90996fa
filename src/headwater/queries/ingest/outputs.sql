-- name: ingest/outputs(ids)
-- The states that these runs made.
-- param ids: list[str]   ids of runs
-- returns: run str, name str, type str, digest str | null, claims str | null
-- cost: one index seek a run, then its outputs
-- browser: :param ids => ['0197a4f0-0000-7000-8000-000000000001']
SELECT r.id, n.text, s.type, s.digest, s.claims
FROM json_each(:ids) AS i
CROSS JOIN run AS r ON r.id = i.value
CROSS JOIN state AS s ON s.run = r.key
CROSS JOIN name AS n ON n.key = s.name;
