-- name: deletion/newest(names)
-- The newest produced state of each of these names, and how many states of the name were produced.
-- param names: list[str]   exact names
-- returns: name str, id str, run str, produced_at datetime, erased bool, versions int
-- cost: one index seek a name, then its states
-- browser: :param names => ['predictions.csv']
SELECT n.text, s.id, s.maker, s.produced_at, s.erased IS NOT NULL,
  (SELECT count(*) FROM state AS t WHERE t.name = n.key AND t.produced_at IS NOT NULL)
FROM json_each(:names) AS i CROSS JOIN name AS n ON n.text = i.value CROSS JOIN state AS s ON s.key = (
  SELECT t.key FROM state AS t WHERE t.name = n.key AND t.produced_at IS NOT NULL
  ORDER BY t.produced_at DESC, t.maker DESC LIMIT 1);
