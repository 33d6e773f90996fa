-- name: trace/resolve(reference, at)
-- The states that a reference may mean, best first: the newest produced one of the name, the state with the id, the newest with the
-- digest; for a name that no run had produced by then, an unfinished one, an external one.
-- param reference: str   a name, a state id or a digest
-- param at: datetime   states produced later do not count
-- returns: rank int, id str, name str, type str, digest str | null, run str | null, produced_at datetime | null, flagged bool, labels json, erased json
-- order: rank
-- cost: three index seeks; sorts the states with the digest, and those of a name that no run had produced
-- browser: :param reference => 'predictions.csv'
-- browser: :param at => datetime()
SELECT * FROM (
  SELECT 1, s.id, n.text, s.type, s.digest, s.maker, s.produced_at, s.flagged, s.labels, s.erased FROM state AS s JOIN name AS n ON n.key = s.name
  WHERE s.name = (SELECT key FROM name WHERE text = :reference) AND s.produced_at <= :at ORDER BY s.produced_at DESC, s.maker DESC LIMIT 1)
UNION ALL
SELECT * FROM (
  SELECT 2, s.id, n.text, s.type, s.digest, s.maker, s.produced_at, s.flagged, s.labels, s.erased FROM state AS s JOIN name AS n ON n.key = s.name
  WHERE s.id = :reference ORDER BY s.id LIMIT 1)
UNION ALL
SELECT * FROM (
  SELECT 3, s.id, n.text, s.type, s.digest, s.maker, s.produced_at, s.flagged, s.labels, s.erased FROM state AS s JOIN name AS n ON n.key = s.name
  WHERE s.digest = :reference AND s.produced_at <= :at ORDER BY s.produced_at DESC, s.maker DESC LIMIT 1)
UNION ALL
SELECT * FROM (
  SELECT 4, s.id, n.text, s.type, s.digest, s.maker, s.produced_at, s.flagged, s.labels, s.erased FROM state AS s JOIN name AS n ON n.key = s.name
  WHERE s.name = (SELECT key FROM name WHERE text = :reference) AND s.produced_at IS NULL AND s.maker IS NOT NULL AND s.started_at <= :at
    AND NOT EXISTS (SELECT 1 FROM state AS t WHERE t.name = s.name AND t.produced_at <= :at)
  ORDER BY s.maker DESC LIMIT 1)
UNION ALL
SELECT * FROM (
  SELECT 5, s.id, n.text, s.type, s.digest, s.maker, s.produced_at, s.flagged, s.labels, s.erased FROM state AS s JOIN name AS n ON n.key = s.name
  WHERE s.name = (SELECT key FROM name WHERE text = :reference) AND s.produced_at IS NULL AND s.maker IS NULL
    AND NOT EXISTS (SELECT 1 FROM state AS t WHERE t.name = s.name AND t.produced_at <= :at)
  ORDER BY s.id DESC LIMIT 1)
ORDER BY 1;
