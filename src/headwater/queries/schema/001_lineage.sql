-- name: schema/001_lineage()
-- The first schema: components, runs, states, what was read, annotations, locks.
-- returns: nothing
-- cost: once a store
CREATE TABLE lock (bucket INTEGER PRIMARY KEY, held INTEGER NOT NULL) STRICT;
INSERT INTO lock
WITH RECURSIVE bucket(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM bucket WHERE n < 255)
SELECT n, 0 FROM bucket;

CREATE TABLE name (key INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE, type TEXT NOT NULL) STRICT;

CREATE TABLE component (
  name TEXT PRIMARY KEY, description TEXT, owner TEXT, tags TEXT, max_age_us INTEGER, claims TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE run (
  key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, component TEXT REFERENCES component(name), status TEXT NOT NULL,
  started_at INTEGER NOT NULL, ended_at INTEGER, "commit" TEXT, source TEXT, error TEXT, params TEXT NOT NULL,
  triggers TEXT NOT NULL, claims TEXT NOT NULL, flagged INTEGER NOT NULL DEFAULT 0, labels TEXT, recorded_at INTEGER NOT NULL
) STRICT;
CREATE INDEX run_by_component ON run(component, started_at, id);
CREATE INDEX run_by_start ON run(started_at, id);

CREATE TABLE state (
  key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name INTEGER NOT NULL REFERENCES name(key),
  run INTEGER REFERENCES run(key), maker TEXT, type TEXT NOT NULL, digest TEXT, produced_at INTEGER, started_at INTEGER,
  claims TEXT, flagged INTEGER NOT NULL DEFAULT 0, labels TEXT
) STRICT;
CREATE INDEX state_by_time ON state(name, produced_at, maker, started_at);
CREATE INDEX state_by_digest ON state(digest, name, produced_at, maker, started_at) WHERE digest IS NOT NULL;
CREATE INDEX state_by_run ON state(run) WHERE run IS NOT NULL;
CREATE INDEX state_flagged ON state(id) WHERE flagged;

CREATE TABLE consumption (
  run INTEGER NOT NULL REFERENCES run(key), name INTEGER NOT NULL REFERENCES name(key), claim TEXT NOT NULL,
  lane TEXT, at INTEGER NOT NULL, state INTEGER REFERENCES state(key),
  PRIMARY KEY (run, name, claim)
) STRICT, WITHOUT ROWID;
CREATE INDEX consumption_by_state ON consumption(state);
CREATE INDEX consumption_by_time ON consumption(name, lane, at) WHERE lane IS NOT NULL;

CREATE TABLE annotation (
  id TEXT PRIMARY KEY, target TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
  who TEXT, why TEXT, at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX annotation_by_target ON annotation(target);
CREATE INDEX annotation_by_key ON annotation(kind, key);

CREATE TABLE rebinding (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, lane TEXT NOT NULL, since INTEGER NOT NULL, after TEXT NOT NULL, until INTEGER
) STRICT, WITHOUT ROWID;
