-- name: trace/downstream(ids)
-- Everything that derives from these states and runs: one row a node, each once, with the nodes right downstream.
-- param ids: list[str]   ids of states and runs
-- returns: id str, kind str, name str | null, type str | null, digest str | null, run str | null, produced_at datetime | null,
--   component str | null, status str | null, started_at datetime | null, ended_at datetime | null, flagged bool, labels json, erased json, links list[str]
-- cost: one index seek a start, then the nodes and edges downstream
-- browser: :param ids => ['predictions.csv@r3']
WITH RECURSIVE reached(node) AS (
  SELECT s.key FROM json_each(:ids) AS i JOIN state AS s ON s.id = i.value
  UNION
  SELECT -r.key FROM json_each(:ids) AS i JOIN run AS r ON r.id = i.value
  UNION
  SELECT -c.run FROM reached JOIN consumption AS c ON c.state = reached.node
  UNION
  SELECT s.key FROM reached JOIN state AS s ON s.run = -reached.node
)
SELECT s.id, 'pointer', n.text, s.type, s.digest, s.maker, s.produced_at, NULL, NULL, NULL, NULL, s.flagged, s.labels, s.erased,
  (SELECT group_concat(id, char(0)) FROM (
    SELECT DISTINCT r.id FROM consumption AS c JOIN run AS r ON r.key = c.run WHERE c.state = s.key))
FROM reached JOIN state AS s ON s.key = reached.node JOIN name AS n ON n.key = s.name
UNION ALL
SELECT r.id, 'run', NULL, NULL, NULL, NULL, NULL, r.component, r.status, r.started_at, r.ended_at, r.flagged, r.labels, r.erased,
  (SELECT group_concat(s.id, char(0)) FROM state AS s WHERE s.run = r.key)
FROM reached JOIN run AS r ON r.key = -reached.node;
