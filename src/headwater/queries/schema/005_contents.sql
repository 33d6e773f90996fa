-- name: schema/005_contents()
-- States by their content, also those that no run has produced yet: an index of several properties leaves them out.
-- returns: nothing
-- cost: once a store
CREATE INDEX IF NOT EXISTS state_by_digest ON state(digest, name, produced_at, maker, started_at) WHERE digest IS NOT NULL;
