-- name: runs/recent(before, before_id, most)
-- The newest runs, behind the last one of the page before.
-- param before: datetime   start of that last run
-- param before_id: str   its id
-- param most: int   how many
-- returns: id str, component str | null, status str, started_at datetime, ended_at datetime | null, commit str | null,
--   source str | null, error str | null, params json, triggers json, flagged bool, labels json, erased json
-- order: started_at descending, id descending
-- cost: one index seek, then the page
-- browser: :param before => datetime()
-- browser: :param before_id => ''
-- browser: :param most => 50
SELECT r.id, r.component, r.status, r.started_at, r.ended_at, r."commit", r.source, r.error, r.params, r.triggers, r.flagged, r.labels, r.erased
FROM run AS r WHERE (r.started_at, r.id) < (:before, :before_id)
ORDER BY r.started_at DESC, r.id DESC LIMIT :most;
