-- name: deletion/versions(names)
-- The produced states of each of these names that are not erased, the newest first.
-- param names: list[str]   exact names
-- returns: name str, ids list[str]
-- cost: one index seek a name, then its states
-- browser: :param names => ['predictions.csv']
SELECT * FROM (
  SELECT n.text, (
    SELECT group_concat(id, char(0)) FROM (
      SELECT s.id FROM state AS s WHERE s.name = n.key AND s.produced_at IS NOT NULL AND s.erased IS NULL
      ORDER BY s.produced_at DESC, s.maker DESC)) AS ids
  FROM json_each(:names) AS i CROSS JOIN name AS n ON n.text = i.value)
WHERE ids IS NOT NULL;
