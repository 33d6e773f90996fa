// name: deletion/data_labels(runs)
// The labels of the inputs and outputs of these runs.
// param runs: list[str]   ids of runs
// returns: run str, name str, label str
// order: run, name, label
// cost: one index seek a run, then what is kept beside it
// browser: :param runs => ['r3']
UNWIND $runs AS run
MATCH (f:Facet {owner: run}) USING INDEX SEEK f:Facet(owner)
WHERE f.subject = 'label'
RETURN run, f.name AS name, f.label AS label ORDER BY run, name, label;
