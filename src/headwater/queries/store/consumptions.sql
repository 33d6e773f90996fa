-- name: store/consumptions()
-- All claims of runs to have read a name, by run, for the digest of the graph.
-- returns: run str, state str, name str, claim str
-- order: run
-- cost: all runs, all inputs
SELECT r.id, s.id, n.text, c.claim
FROM run AS r CROSS JOIN consumption AS c ON c.run = r.key CROSS JOIN state AS s ON s.key = c.state CROSS JOIN name AS n ON n.key = c.name
ORDER BY r.id;
