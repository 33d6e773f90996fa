// name: rank/components_of(runs)
// The components of these runs, each once.
// param runs: list[str]   ids of runs
// returns: component str
// order: component
// cost: one index seek a run
// browser: :param runs => ['r3']
UNWIND $runs AS run
MATCH (r:ComponentRun {id: run}) WHERE r.component IS NOT NULL
RETURN DISTINCT r.component AS component ORDER BY component;
