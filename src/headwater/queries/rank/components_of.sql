-- name: rank/components_of(runs)
-- The components of these runs, each once.
-- param runs: list[str]   ids of runs
-- returns: component str
-- order: component
-- cost: one index seek a run
-- browser: :param runs => ['r3']
SELECT DISTINCT r.component FROM json_each(:runs) AS i CROSS JOIN run AS r ON r.id = i.value
WHERE r.component IS NOT NULL ORDER BY r.component;
