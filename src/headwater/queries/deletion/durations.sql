-- name: deletion/durations(components, most)
-- When the newest completed runs of each of these components began and ended.
-- param components: list[str]   names of components
-- param most: int   how many runs a component
-- returns: component str, started_at datetime, ended_at datetime
-- cost: one index seek a component, then its newest runs
-- browser: :param components => ['train']
-- browser: :param most => 100
SELECT r.component, r.started_at, r.ended_at
FROM json_each(:components) AS i CROSS JOIN run AS r ON r.key IN (
  SELECT f.key FROM run AS f WHERE f.component = i.value AND f.status = 'completed' AND f.ended_at >= f.started_at
  ORDER BY f.started_at DESC, f.id DESC LIMIT :most);
