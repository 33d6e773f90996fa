-- name: trace/upstream(ids)
-- Everything that these states and runs were derived from: one row a node, each once, with the nodes right upstream.
-- param ids: list[str]   ids of states and runs
-- returns: id str, kind str, name str | null, type str | null, digest str | null, run str | null, produced_at datetime | null,
--   component str | null, status str | null, started_at datetime | null, ended_at datetime | null, flagged bool, labels json, erased json, links list[str]
-- cost: one index seek a start, then the nodes and edges upstream
-- browser: :param ids => ['predictions.csv@r3']
WITH RECURSIVE reached(node) AS (
  SELECT s.key FROM json_each(:ids) AS i JOIN state AS s ON s.id = i.value
  UNION
  SELECT -r.key FROM json_each(:ids) AS i JOIN run AS r ON r.id = i.value
  UNION
  SELECT -s.run FROM reached JOIN state AS s ON s.key = reached.node WHERE s.run IS NOT NULL
  UNION
  SELECT c.state FROM reached JOIN consumption AS c ON c.run = -reached.node
)
SELECT s.id, 'pointer', n.text, s.type, s.digest, s.maker, s.produced_at, NULL, NULL, NULL, NULL, s.flagged, s.labels, s.erased,
  (SELECT r.id FROM run AS r WHERE r.key = s.run)
FROM reached JOIN state AS s ON s.key = reached.node JOIN name AS n ON n.key = s.name
UNION ALL
SELECT r.id, 'run', NULL, NULL, NULL, NULL, NULL, r.component, r.status, r.started_at, r.ended_at, r.flagged, r.labels, r.erased,
  (SELECT group_concat(id, char(0)) FROM (
    SELECT DISTINCT s.id FROM consumption AS c JOIN state AS s ON s.key = c.state WHERE c.run = r.key))
FROM reached JOIN run AS r ON r.key = -reached.node;
