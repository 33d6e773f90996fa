-- name: runs/inspect(run)
-- One run, whole.
-- param run: str   id of the run
-- returns: id str, component str | null, status str, started_at datetime, ended_at datetime | null, commit str | null,
--   source str | null, error str | null, params json, triggers json, flagged bool, labels json, erased json
-- cost: one index seek
-- browser: :param run => 'r3'
SELECT r.id, r.component, r.status, r.started_at, r.ended_at, r."commit", r.source, r.error, r.params, r.triggers, r.flagged, r.labels, r.erased FROM run AS r WHERE r.id = :run;
