-- name: metrics/of_run(run)
-- The values of metrics that were recorded with a run.
-- param run: str   id of the run
-- returns: said json
-- order: component, metric
-- cost: one index seek, then those values
-- browser: :param run => 'r3'
SELECT m.said FROM measurement AS m CROSS JOIN series AS s ON s.id = m.series
WHERE m.run = :run ORDER BY s.component, s.metric;
