// name: store/runs()
// All runs by id, for the digest of the graph.
// returns: id str, component str | null, status str, started_at datetime, ended_at datetime | null, commit str | null,
//   source str | null, error str | null, params json, triggers json, flagged bool, labels json, erased json
// order: id
// cost: all runs
MATCH (r:ComponentRun) WHERE r.id >= ''
RETURN r.id AS id, r.component AS component, r.status AS status, r.started_at AS started_at, r.ended_at AS ended_at,
  r.commit AS commit, r.source AS source, r.error AS error, r.params AS params, r.triggers AS triggers, r.flagged AS flagged,
  r.labels AS labels, r.erased AS erased
ORDER BY r.id;
