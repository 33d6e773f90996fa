-- name: trace/targets(ids)
-- These states and runs, with the nodes right downstream: one step of a walk.
-- param ids: list[str]   ids of states and runs
-- returns: id str, kind str, name str | null, type str | null, digest str | null, run str | null, produced_at datetime | null,
--   component str | null, status str | null, started_at datetime | null, ended_at datetime | null, flagged bool, labels json, erased json, links list[str]
-- cost: one index seek a node, then its edges
-- browser: :param ids => ['predictions.csv@r3']
WITH here(node) AS (
  SELECT s.key FROM json_each(:ids) AS i JOIN state AS s ON s.id = i.value
  UNION
  SELECT -r.key FROM json_each(:ids) AS i JOIN run AS r ON r.id = i.value
)
SELECT s.id, 'pointer', n.text, s.type, s.digest, s.maker, s.produced_at, NULL, NULL, NULL, NULL, s.flagged, s.labels, s.erased,
  (SELECT group_concat(id, char(0)) FROM (
    SELECT DISTINCT r.id FROM consumption AS c JOIN run AS r ON r.key = c.run WHERE c.state = s.key))
FROM here JOIN state AS s ON s.key = here.node JOIN name AS n ON n.key = s.name
UNION ALL
SELECT r.id, 'run', NULL, NULL, NULL, NULL, NULL, r.component, r.status, r.started_at, r.ended_at, r.flagged, r.labels, r.erased,
  (SELECT group_concat(s.id, char(0)) FROM state AS s WHERE s.run = r.key)
FROM here JOIN run AS r ON r.key = -here.node;
