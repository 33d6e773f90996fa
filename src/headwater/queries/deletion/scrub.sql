-- name: deletion/scrub()
-- Write the store's files anew without what was deleted; Neo4j writes what it holds in memory, and leaves what was deleted in place.
-- returns: nothing
-- cost: the whole file; on Neo4j what has changed since the last checkpoint
VACUUM;
