// name: ingest/runs(ids)
// What is known of these runs.
// param ids: list[str]   ids of runs
// returns: id str, component str | null, status str, started_at datetime, ended_at datetime | null, commit str | null,
//   source str | null, error str | null, params str, triggers str, claims str
// cost: one index seek a run
// browser: :param ids => ['0197a4f0-0000-7000-8000-000000000001']
UNWIND $ids AS id
MATCH (r:ComponentRun {id: id})
RETURN r.id AS id, r.component AS component, r.status AS status, r.started_at AS started_at, r.ended_at AS ended_at,
  r.commit AS commit, r.source AS source, r.error AS error, r.params AS params, r.triggers AS triggers, r.claims AS claims;
