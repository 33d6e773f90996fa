-- name: runs/newest()
-- The newest run of every component.
-- returns: id str
-- order: id
-- cost: all components, and one index seek for each
SELECT r.id FROM component AS c JOIN run AS r ON r.key = (
  SELECT f.key FROM run AS f WHERE f.component = c.name ORDER BY f.started_at DESC, f.id DESC LIMIT 1)
ORDER BY r.id;
