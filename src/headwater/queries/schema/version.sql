-- name: schema/version()
-- The version of the schema that the store holds; no row when it is new.
-- returns: version int
-- cost: one look-up
SELECT version FROM schema_version WHERE id = 'headwater';
