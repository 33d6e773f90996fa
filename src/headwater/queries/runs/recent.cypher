// name: runs/recent(before, before_id, most)
// The newest runs, behind the last one of the page before.
// param before: datetime   start of that last run
// param before_id: str   its id
// param most: int   how many
// returns: id str, component str | null, status str, started_at datetime, ended_at datetime | null, commit str | null,
//   source str | null, error str | null, params json, triggers json, flagged bool, labels json, erased json
// order: started_at descending, id descending
// cost: one index seek, then the page
// browser: :param before => datetime()
// browser: :param before_id => ''
// browser: :param most => 50
MATCH (r:ComponentRun) USING INDEX SEEK r:ComponentRun(started_at, id)
WHERE r.started_at <= $before AND r.id IS NOT NULL AND CASE r.started_at WHEN $before THEN r.id < $before_id ELSE true END
RETURN r.id AS id, r.component AS component, r.status AS status, toString(r.started_at) AS started_at, toString(r.ended_at) AS ended_at,
  r.commit AS commit, r.source AS source, r.error AS error, r.params AS params, r.triggers AS triggers, r.flagged AS flagged,
  r.labels AS labels, r.erased AS erased
ORDER BY r.started_at DESC, r.id DESC LIMIT $most;
