// name: rank/dependencies(runs)
// These runs, with the runs whose outputs they read: one step of a walk upstream among runs.
// param runs: list[str]   ids of runs
// returns: run str, started_at datetime, sources list[str]
// cost: one index seek a run, then its inputs
// browser: :param runs => ['r3']
UNWIND $runs AS run
MATCH (r:ComponentRun {id: run})
RETURN r.id AS run, toString(r.started_at) AS started_at,
  COLLECT { MATCH (r)<-[:CONSUMED_BY]-()<-[:PRODUCED]-(m) RETURN DISTINCT m.id } AS sources;
