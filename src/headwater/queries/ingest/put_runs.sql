-- name: ingest/put_runs(rows)
-- Write these runs as they now stand, and name their components.
-- param rows: rows{id: str, component: str | null, status: str, started_at: datetime, ended_at: datetime | null,
--   commit: str | null, source: str | null, error: str | null, params: str, triggers: str, claims: str, recorded_at: datetime}
-- returns: nothing
-- cost: one index seek and one write a run
-- browser: :param rows => [{id: 'r1', component: 'train', status: 'running', started_at: datetime(), params: '{}', triggers: '{}', claims: '{}', recorded_at: datetime()}]
INSERT OR IGNORE INTO component(name) SELECT :component WHERE :component IS NOT NULL;
INSERT INTO run(id, component, status, started_at, ended_at, "commit", source, error, params, triggers, claims, recorded_at)
VALUES (:id, :component, :status, :started_at, :ended_at, :commit, :source, :error, :params, :triggers, :claims, :recorded_at)
ON CONFLICT(id) DO UPDATE SET
  component = excluded.component, status = excluded.status, started_at = excluded.started_at, ended_at = excluded.ended_at,
  "commit" = excluded."commit", source = excluded.source, error = excluded.error, params = excluded.params,
  triggers = excluded.triggers, claims = excluded.claims;
