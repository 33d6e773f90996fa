-- name: schema/open()
-- Make the place where the schema's version stands.
-- returns: nothing
-- cost: nothing on a store that has it
CREATE TABLE IF NOT EXISTS schema_version (id TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT, WITHOUT ROWID;
