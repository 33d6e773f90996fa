// name: schema/004_metrics()
// Metrics: outputs and labels, windows over them, values, incidents, alerts that wait. None of it belongs to the graph.
// returns: nothing
// cost: once a store
CREATE CONSTRAINT series_id IF NOT EXISTS FOR (s:MetricSeries) REQUIRE s.id IS UNIQUE;
CREATE CONSTRAINT observation_id IF NOT EXISTS FOR (o:Observation) REQUIRE o.id IS UNIQUE;
CREATE CONSTRAINT window_state_id IF NOT EXISTS FOR (w:WindowState) REQUIRE w.id IS UNIQUE;
CREATE CONSTRAINT measurement_id IF NOT EXISTS FOR (m:Measurement) REQUIRE m.id IS UNIQUE;
CREATE CONSTRAINT incident_id IF NOT EXISTS FOR (i:Incident) REQUIRE i.id IS UNIQUE;
CREATE CONSTRAINT alert_id IF NOT EXISTS FOR (a:Alert) REQUIRE a.id IS UNIQUE;
CREATE INDEX series_component IF NOT EXISTS FOR (s:MetricSeries) ON (s.component);
CREATE INDEX observation_place IF NOT EXISTS FOR (o:Observation) ON (o.series, o.place);
CREATE INDEX observation_position IF NOT EXISTS FOR (o:Observation) ON (o.series, o.position);
CREATE INDEX correction_position IF NOT EXISTS FOR (c:Correction) ON (c.series, c.position);
CREATE INDEX measurement_place IF NOT EXISTS FOR (m:Measurement) ON (m.series, m.place);
CREATE INDEX measurement_run IF NOT EXISTS FOR (m:Measurement) ON (m.run);
CREATE INDEX incident_place IF NOT EXISTS FOR (i:Incident) ON (i.series, i.place);
CREATE INDEX incident_state IF NOT EXISTS FOR (i:Incident) ON (i.state, i.place);
CREATE INDEX alert_component IF NOT EXISTS FOR (a:Alert) ON (a.component);
CALL db.awaitIndexes(5);
