// name: metrics/of_run(run)
// The values of metrics that were recorded with a run.
// param run: str   id of the run
// returns: said json
// order: component, metric
// cost: one index seek, then those values
// browser: :param run => 'r3'
MATCH (m:Measurement {run: $run})
MATCH (s:MetricSeries {id: m.series})
RETURN m.said AS said ORDER BY s.component, s.metric;
