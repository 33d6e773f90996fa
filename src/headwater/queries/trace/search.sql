-- name: trace/search(text, most)
-- The newest state of each name that contains a text in any case, by name.
-- param text: str   text in lower case
-- param most: int   how many names
-- returns: id str, name str, type str, digest str | null, run str | null, produced_at datetime | null, flagged bool, labels json, erased json
-- order: name
-- cost: all names, on Neo4j all states by name, until enough are found; sorts the states of a name that no run produced
-- browser: :param text => 'pred'
-- browser: :param most => 20
WITH found(key) AS (
  SELECT key FROM name WHERE text >= char(1)
    AND instr(CASE WHEN length(text) = length(CAST(text AS BLOB)) THEN lower(text) ELSE lower_unicode(text) END, :text) > 0
  ORDER BY text LIMIT :most)
SELECT s.id, n.text, s.type, s.digest, s.maker, s.produced_at, s.flagged, s.labels, s.erased
FROM found JOIN name AS n ON n.key = found.key JOIN state AS s ON s.key = (
  SELECT t.key FROM state AS t WHERE t.name = found.key ORDER BY t.produced_at DESC, t.maker DESC, t.id DESC LIMIT 1)
ORDER BY n.text;
