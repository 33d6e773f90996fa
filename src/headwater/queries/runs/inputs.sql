-- name: runs/inputs(run)
-- What a run claims to have read, and the state that each claim is bound to.
-- param run: str   id of the run
-- returns: claim str, at datetime, id str, name str, type str, digest str | null, run str | null, produced_at datetime | null, flagged bool, labels json, erased json
-- order: name, claim
-- cost: one index seek, then its inputs
-- browser: :param run => 'r3'
SELECT c.claim, c.at, s.id, n.text, s.type, s.digest, s.maker, s.produced_at, s.flagged, s.labels, s.erased
FROM run AS r JOIN consumption AS c ON c.run = r.key JOIN state AS s ON s.key = c.state JOIN name AS n ON n.key = s.name
WHERE r.id = :run ORDER BY n.text, c.claim;
