// name: runs/inspect(run)
// One run, whole.
// param run: str   id of the run
// returns: id str, component str | null, status str, started_at datetime, ended_at datetime | null, commit str | null,
//   source str | null, error str | null, params json, triggers json, flagged bool, labels json, erased json
// cost: one index seek
// browser: :param run => 'r3'
MATCH (r:ComponentRun {id: $run})
RETURN r.id AS id, r.component AS component, r.status AS status, toString(r.started_at) AS started_at, toString(r.ended_at) AS ended_at,
  r.commit AS commit, r.source AS source, r.error AS error, r.params AS params, r.triggers AS triggers, r.flagged AS flagged,
  r.labels AS labels, r.erased AS erased;
