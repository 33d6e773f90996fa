-- name: rank/suspects(slice_ids, contrast_ids)
-- The runs behind a slice of bad outputs, most suspicious first, ranked in the database: `ef` outputs of the slice and `ep` of the
-- contrast have the run in their trace; ochiai = sqrt(ef * ef / (slice * (ef + ep))). For small slices; the product takes large ones elsewhere.
-- param slice_ids: list[str]   ids of the bad outputs
-- param contrast_ids: list[str]   ids of the good ones
-- returns: run str, component str | null, ef int, ep int, ochiai float, spectrum json
-- order: ochiai descending, ef descending, started_at, run
-- cost: one trace an output
-- browser: :param slice_ids => ['predictions.csv@r3']
-- browser: :param contrast_ids => ['predictions.csv@r4']
WITH RECURSIVE output(id, node) AS (
  SELECT s.id, s.key FROM json_each(:slice_ids) AS i JOIN state AS s ON s.id = i.value
  UNION
  SELECT s.id, s.key FROM json_each(:contrast_ids) AS i JOIN state AS s ON s.id = i.value
),
reached(id, node) AS (
  SELECT id, node FROM output
  UNION
  SELECT reached.id, -s.run FROM reached JOIN state AS s ON s.key = reached.node WHERE s.run IS NOT NULL
  UNION
  SELECT reached.id, c.state FROM reached JOIN consumption AS c ON c.run = -reached.node
),
counted(run, ef, ep, spectrum) AS (
  SELECT -node, sum(id IN (SELECT value FROM json_each(:slice_ids))),
    sum(id IN (SELECT value FROM json_each(:contrast_ids))), json_group_array(id)
  FROM (SELECT id, node FROM reached WHERE node < 0 ORDER BY id) GROUP BY node
)
SELECT r.id, r.component, ef, ep,
  CASE WHEN ef = 0 THEN 0.0 ELSE sqrt(CAST(ef * ef AS REAL) / (json_array_length(:slice_ids) * (ef + ep))) END AS ochiai, spectrum
FROM counted JOIN run AS r ON r.key = counted.run
ORDER BY ochiai DESC, ef DESC, r.started_at, r.id;
