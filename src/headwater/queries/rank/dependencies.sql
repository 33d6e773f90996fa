-- name: rank/dependencies(runs)
-- These runs, with the runs whose outputs they read: one step of a walk upstream among runs.
-- param runs: list[str]   ids of runs
-- returns: run str, started_at datetime, sources list[str]
-- cost: one index seek a run, then its inputs
-- browser: :param runs => ['r3']
SELECT r.id, r.started_at, (SELECT group_concat(maker, char(0)) FROM (
  SELECT DISTINCT s.maker FROM consumption AS c JOIN state AS s ON s.key = c.state WHERE c.run = r.key AND s.run IS NOT NULL))
FROM json_each(:runs) AS i CROSS JOIN run AS r ON r.id = i.value;
