-- name: store/holders(digests)
-- The states that have one of these contents.
-- param digests: list[str]   digests of contents
-- returns: id str, name str, type str, digest str | null, run str | null, produced_at datetime | null, flagged bool, labels json, erased json
-- order: digest, id
-- cost: one index seek a digest, then the states that have it
-- browser: :param digests => ['sha256:0']
SELECT s.id, n.text, s.type, s.digest, s.maker, s.produced_at, s.flagged, s.labels, s.erased
FROM json_each(:digests) AS d JOIN state AS s ON s.digest = d.value JOIN name AS n ON n.key = s.name
ORDER BY s.digest, s.id;
