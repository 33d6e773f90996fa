-- name: store/pointers()
-- All pointers by id, for the digest of the graph.
-- returns: id str, name str, type str, digest str | null, run str | null, produced_at datetime | null, flagged bool, labels json, erased json
-- order: id
-- cost: all states
SELECT s.id, n.text, s.type, s.digest, s.maker, s.produced_at, s.flagged, s.labels, s.erased
FROM state AS s JOIN name AS n ON n.key = s.name ORDER BY s.id;
