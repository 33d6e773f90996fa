-- name: schema/002_facets()
-- Facets: what is kept beside runs, inputs, outputs and components, and given back as it came.
-- returns: nothing
-- cost: once a store
CREATE TABLE facet (
  id TEXT PRIMARY KEY, subject TEXT NOT NULL, owner TEXT NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL,
  value TEXT NOT NULL, at INTEGER NOT NULL
) STRICT;
CREATE INDEX facet_by_owner ON facet(owner);
