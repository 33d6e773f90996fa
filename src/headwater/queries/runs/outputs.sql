-- name: runs/outputs(run)
-- The states that a run made.
-- param run: str   id of the run
-- returns: id str, name str, type str, digest str | null, run str | null, produced_at datetime | null, flagged bool, labels json, erased json
-- order: name
-- cost: one index seek, then its outputs
-- browser: :param run => 'r3'
SELECT s.id, n.text, s.type, s.digest, s.maker, s.produced_at, s.flagged, s.labels, s.erased
FROM run AS r JOIN state AS s ON s.run = r.key JOIN name AS n ON n.key = s.name WHERE r.id = :run ORDER BY n.text;
