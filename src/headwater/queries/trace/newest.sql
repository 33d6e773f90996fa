-- name: trace/newest(names)
-- The newest produced state of each of these names.
-- param names: list[str]   exact names
-- returns: id str, name str, type str, digest str | null, run str | null, produced_at datetime | null, flagged bool, labels json, erased json
-- cost: one index seek a name
-- browser: :param names => ['predictions.csv']
SELECT s.id, n.text, s.type, s.digest, s.maker, s.produced_at, s.flagged, s.labels, s.erased
FROM json_each(:names) AS i CROSS JOIN name AS n ON n.text = i.value CROSS JOIN state AS s ON s.key = (
  SELECT t.key FROM state AS t WHERE t.name = n.key AND t.produced_at IS NOT NULL
  ORDER BY t.produced_at DESC, t.maker DESC LIMIT 1);
