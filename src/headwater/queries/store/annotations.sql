-- name: store/annotations()
-- All annotations by target, and whether the graph knows it; the graph's digest holds those.
-- returns: target str, kind str, key str, value json, who str | null, why str | null, at datetime, known bool
-- order: target
-- cost: all annotations, and one index seek for each
SELECT a.target, a.kind, a.key, a.value, a.who, a.why, a.at,
  EXISTS (SELECT 1 FROM state AS s WHERE s.id = a.target) OR EXISTS (SELECT 1 FROM run AS r WHERE r.id = a.target)
FROM annotation AS a ORDER BY a.target;
