-- name: runs/stale_inputs(ids, as_of)
-- The inputs of these runs, with what was fresher when the run started, or at `as_of`: a newer state of the name, and a newer completed
-- run of the maker's component.
-- param ids: list[str]   ids of runs
-- param as_of: datetime | null   judge at this time instead of at each run's start
-- returns: run str, started_at datetime, state str, name str, produced_at datetime | null, maker str | null, maker_component str | null,
--   maker_status str | null, maker_triggers json, max_age_us int | null, fresher_state str | null, fresher_run str | null
-- order: run, state
-- cost: a few index hits an input
-- browser: :param ids => ['r3']
-- browser: :param as_of => null
SELECT DISTINCT r.id, coalesce(:as_of, r.started_at), s.id, n.text, s.produced_at, m.id, m.component, m.status, m.triggers, co.max_age_us,
  (SELECT f.id FROM state AS f
   WHERE f.name = s.name AND f.produced_at < coalesce(:as_of, r.started_at) AND f.maker <> r.id
     AND (f.produced_at, f.maker) > (s.produced_at, s.maker)
   ORDER BY f.produced_at DESC, f.maker DESC LIMIT 1),
  (SELECT f.id FROM run AS f
   WHERE f.component = m.component AND f.started_at <= coalesce(:as_of, r.started_at) AND f.started_at > m.started_at
     AND f.status = 'completed' AND f.ended_at <= coalesce(:as_of, r.started_at) AND f.id <> r.id
     AND NOT EXISTS (SELECT 1 FROM consumption AS o JOIN state AS p ON p.key = o.state WHERE o.run = r.key AND p.run = f.key)
   ORDER BY f.started_at DESC, f.id DESC LIMIT 1)
FROM json_each(:ids) AS i
CROSS JOIN run AS r ON r.id = i.value
CROSS JOIN consumption AS c ON c.run = r.key
CROSS JOIN state AS s ON s.key = c.state
CROSS JOIN name AS n ON n.key = s.name
LEFT JOIN run AS m ON m.key = s.run
LEFT JOIN component AS co ON co.name = r.component
ORDER BY r.id, s.id;
