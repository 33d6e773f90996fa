-- name: metrics/newest(component)
-- The newest value of each metric of a component.
-- param component: str   name of the component
-- returns: metric str, said json
-- order: metric
-- cost: one index seek, then one a metric
-- browser: :param component => 'predict'
SELECT s.metric, m.said FROM series AS s CROSS JOIN measurement AS m ON m.id = (
  SELECT n.id FROM measurement AS n WHERE n.series = s.id ORDER BY n.place DESC LIMIT 1)
WHERE s.component = :component ORDER BY s.metric;
