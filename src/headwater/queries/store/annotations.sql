-- name: store/annotations()
-- All annotations of states and runs that are in the graph, by target, for its digest.
-- returns: target str, kind str, key str, value json, who str | null, why str | null, at datetime
-- order: target
-- cost: all annotations, and one index seek for each
SELECT a.target, a.kind, a.key, a.value, a.who, a.why, a.at FROM annotation AS a
WHERE EXISTS (SELECT 1 FROM state AS s WHERE s.id = a.target) OR EXISTS (SELECT 1 FROM run AS r WHERE r.id = a.target)
ORDER BY a.target;
