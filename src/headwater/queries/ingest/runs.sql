-- name: ingest/runs(ids)
-- What is known of these runs.
-- param ids: list[str]   ids of runs
-- returns: id str, component str | null, status str, started_at datetime, ended_at datetime | null, commit str | null,
--   source str | null, error str | null, params str, triggers str, claims str
-- cost: one index seek a run
-- browser: :param ids => ['0197a4f0-0000-7000-8000-000000000001']
SELECT r.id, r.component, r.status, r.started_at, r.ended_at, r."commit", r.source, r.error, r.params, r.triggers, r.claims
FROM json_each(:ids) AS i CROSS JOIN run AS r ON r.id = i.value;
