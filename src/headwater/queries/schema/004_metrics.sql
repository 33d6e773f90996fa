-- name: schema/004_metrics()
-- Metrics: outputs and labels, windows over them, values, incidents, alerts that wait. None of it belongs to the graph.
-- returns: nothing
-- cost: once a store
CREATE TABLE series (
  id TEXT PRIMARY KEY, component TEXT NOT NULL, metric TEXT NOT NULL, position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX series_by_component ON series(component);

CREATE TABLE observation (
  id TEXT PRIMARY KEY, series TEXT NOT NULL, key TEXT NOT NULL, output TEXT, output_at TEXT, run TEXT, label TEXT,
  label_at TEXT, place TEXT, position INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX observation_by_place ON observation(series, place) WHERE place IS NOT NULL;
CREATE INDEX observation_by_position ON observation(series, position) WHERE position IS NOT NULL;

CREATE TABLE correction (
  series TEXT NOT NULL, position INTEGER NOT NULL, since INTEGER NOT NULL, place TEXT NOT NULL, output TEXT NOT NULL,
  label TEXT NOT NULL
) STRICT;
CREATE INDEX correction_by_position ON correction(series, position);

CREATE TABLE window_state (id TEXT PRIMARY KEY, said TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE measurement (
  id TEXT PRIMARY KEY, series TEXT NOT NULL, place TEXT NOT NULL, run TEXT NOT NULL, value REAL, counted INTEGER NOT NULL,
  verdict TEXT NOT NULL, said TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX measurement_by_place ON measurement(series, place);
CREATE INDEX measurement_by_run ON measurement(run);

CREATE TABLE incident (
  id TEXT PRIMARY KEY, series TEXT NOT NULL, place TEXT NOT NULL, state TEXT NOT NULL, said TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX incident_by_place ON incident(series, place);
CREATE INDEX incident_by_state ON incident(state, place);

CREATE TABLE alert (
  id TEXT PRIMARY KEY, component TEXT NOT NULL, queued_at TEXT NOT NULL, claimed_until TEXT, said TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX alert_by_component ON alert(component);
