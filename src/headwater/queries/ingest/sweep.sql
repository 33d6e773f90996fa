-- name: ingest/sweep(ids)
-- Drop those of these external states that nobody reads any more.
-- param ids: list[str]   ids of external states
-- returns: nothing
-- cost: one index seek a state
-- browser: :param ids => ['features.csv@external']
DELETE FROM state
WHERE id IN (SELECT value FROM json_each(:ids)) AND run IS NULL
  AND NOT EXISTS (SELECT 1 FROM consumption AS c WHERE c.state = state.key);
