-- name: mlmd/version()
-- Which version of its schema a store of ML Metadata has.
-- returns: schema_version int
-- cost: one row
SELECT schema_version FROM MLMDEnv;
