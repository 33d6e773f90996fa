-- name: deletion/data_labels(runs)
-- The labels of the inputs and outputs of these runs.
-- param runs: list[str]   ids of runs
-- returns: run str, name str, label str
-- order: run, name, label
-- cost: one index seek a run, then what is kept beside it
-- browser: :param runs => ['r3']
SELECT f.owner, f.name, f.key
FROM json_each(:runs) AS i CROSS JOIN facet AS f ON f.owner = i.value AND f.subject = 'label'
ORDER BY f.owner, f.name, f.key;
