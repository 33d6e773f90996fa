// name: metrics/newest(component)
// The newest value of each metric of a component.
// param component: str   name of the component
// returns: metric str, said json
// order: metric
// cost: one index seek, then one a metric
// browser: :param component => 'predict'
MATCH (s:MetricSeries {component: $component})
CALL (s) {
  MATCH (m:Measurement) USING INDEX SEEK m:Measurement(series, place)
  WHERE m.series = s.id AND m.place IS NOT NULL
  RETURN m ORDER BY m.series DESC, m.place DESC LIMIT 1
}
RETURN s.metric AS metric, m.said AS said ORDER BY metric;
