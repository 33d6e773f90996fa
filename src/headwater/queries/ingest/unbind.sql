-- name: ingest/unbind(rows)
-- Forget these claims of runs, before they are bound anew or because an exact claim took their place.
-- param rows: rows{run: str, name: str, claim: str}
-- returns: nothing
-- cost: the inputs of each run
-- browser: :param rows => [{run: 'r2', name: 'features.csv', claim: '|'}]
DELETE FROM consumption
WHERE run = (SELECT key FROM run WHERE id = :run) AND name = (SELECT key FROM name WHERE text = :name) AND claim = :claim;
